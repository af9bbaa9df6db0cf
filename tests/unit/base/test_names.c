/* Names and classes: every value has its own name, and the class the table here says. */
#include "support/cmocka_all.h"

#include <string.h>

#include "pc/dispatch.h"
#include "pc/session.h"
#include "pc/status.h"

typedef const char *name_fn(int value);

static const char *status_name(int value)
{
    return pc_status_name((enum pc_status)value);
}

static const char *reason_name(int value)
{
    return pc_close_reason_name((enum pc_close_reason)value);
}

static const char *refusal_name(int value)
{
    return pc_refusal_name((enum pc_refusal)value);
}

static const char *class_name(int value)
{
    return pc_error_class_name((enum pc_error_class)value);
}

static void assert_names_differ(name_fn *name, int count)
{
    for (int i = 0; i < count; i++) {
        assert_non_null(name(i));
        assert_string_not_equal(name(i), "?");
        for (int j = 0; j < i; j++) {
            assert_string_not_equal(name(i), name(j));
        }
    }
    assert_string_equal(name(count), "?");
}

static void names_every_value_has_its_own(void **state)
{
    (void)state;
    assert_names_differ(status_name, PC_STATUS_COUNT);
    assert_names_differ(reason_name, PC_CLOSE_REASON_COUNT);
    assert_names_differ(refusal_name, PC_REFUSAL_COUNT);
    assert_names_differ(class_name, PC_CLASS_LOCAL + 1);
}

static void status_names_are_as_in_the_log(void **state)
{
    (void)state;
    assert_string_equal(pc_status_name(PC_OK), "ok");
    assert_string_equal(pc_status_name(PC_ADDRESS_IN_USE), "address_in_use");
    assert_string_equal(pc_close_reason_name(PC_CLOSE_SLOW_CONSUMER), "slow_consumer");
    assert_string_equal(pc_refusal_name(PC_REFUSED_STATE), "refused_state");
    assert_string_equal(pc_error_class_name(PC_CLASS_PROTOCOL), "protocol");
}

static void status_class_tells_what_to_do(void **state)
{
    (void)state;
    assert_int_equal(pc_status_class(PC_OK), PC_CLASS_NONE);
    assert_int_equal(pc_status_class(PC_RESET), PC_CLASS_SOCKET);
    assert_int_equal(pc_status_class(PC_END), PC_CLASS_SOCKET);
    assert_int_equal(pc_status_class(PC_SYSTEM), PC_CLASS_SOCKET);
    assert_int_equal(pc_status_class(PC_NO_BUFFERS), PC_CLASS_TRANSIENT);
    assert_int_equal(pc_status_class(PC_REFUSED), PC_CLASS_TRANSIENT);
    assert_int_equal(pc_status_class(PC_CANCELLED), PC_CLASS_LOCAL);
    assert_int_equal(pc_status_class(PC_DENIED), PC_CLASS_LOCAL);
}

static void close_reason_class_tells_who_did_it(void **state)
{
    (void)state;
    assert_int_equal(pc_close_reason_class(PC_CLOSE_NONE), PC_CLASS_NONE);
    assert_int_equal(pc_close_reason_class(PC_CLOSE_PEER), PC_CLASS_SOCKET);
    assert_int_equal(pc_close_reason_class(PC_CLOSE_CONNECT), PC_CLASS_TRANSIENT);
    assert_int_equal(pc_close_reason_class(PC_CLOSE_VIOLATION), PC_CLASS_PROTOCOL);
    assert_int_equal(pc_close_reason_class(PC_CLOSE_AUTH), PC_CLASS_PROTOCOL);
    assert_int_equal(pc_close_reason_class(PC_CLOSE_SLOW_CONSUMER), PC_CLASS_LOCAL);
    assert_int_equal(pc_close_reason_class(PC_CLOSE_SHUTDOWN), PC_CLASS_LOCAL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(names_every_value_has_its_own),
        cmocka_unit_test(status_names_are_as_in_the_log),
        cmocka_unit_test(status_class_tells_what_to_do),
        cmocka_unit_test(close_reason_class_tells_who_did_it),
    };
    return cmocka_run_group_tests_name("names", tests, NULL, NULL);
}
