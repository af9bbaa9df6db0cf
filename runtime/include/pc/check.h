/* Assertions. PC_ASSERT stays on in every build: it states what a programmer must not break.
 * PC_CHECK runs a struct's invariant function in debug and fuzz builds only. */
#pragma once

#if defined(__GNUC__)
#define PC_NORETURN            __attribute__((noreturn))
#define PC_LIKELY(condition)   __builtin_expect(!!(condition), 1) /* of a lone small packet */
#define PC_UNLIKELY(condition) __builtin_expect(!!(condition), 0)
#define PC_OUTLINE             __attribute__((noinline))             /* keeps a hot caller small */
#define PC_INLINE              inline __attribute__((always_inline)) /* of every packet */
#define PC_COLD                __attribute__((cold)) /* seldom: opens, ends, fails */
#else
#define PC_NORETURN
#define PC_LIKELY(condition)   (condition)
#define PC_UNLIKELY(condition) (condition)
#define PC_OUTLINE
#define PC_COLD
#define PC_INLINE inline
#endif

/* Print to stderr and end the process; nothing is unwound. */
PC_NORETURN PC_COLD void pc_check_failed(const char *expression, const char *file, int line);

#define PC_ASSERT(condition)                                                                       \
    (PC_LIKELY(condition) ? (void)0 : pc_check_failed(#condition, __FILE__, __LINE__))

#ifdef PC_CHECKED
#define PC_CHECK(call) (call)
#else
/* Never evaluated, but compiled: a file-static check function counts as used. */
#define PC_CHECK(call) ((void)(0 && ((call), 0)))
#endif
