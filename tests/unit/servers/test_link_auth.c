/* Proofs: the right one verifies; one of another direction, key or handshake does not. */
#include "support/cmocka_all.h"

#include <stdio.h>
#include <string.h>

#include "common/link_auth.h"

struct handshake {
    struct node_key key;
    struct link_auth_side initiator;
    struct link_auth_side acceptor;
};

static struct handshake make_handshake(void)
{
    struct handshake handshake = {
        .initiator = {.role = 2,
                      .version = 1,
                      .compat_hash = 11,
                      .payload_version = 3,
                      .payload_hash = 33,
                      .payload_schema_hash = 44,
                      .node = "gate-1"},
        .acceptor = {.role = 4,
                     .version = 1,
                     .compat_hash = 11,
                     .payload_version = 3,
                     .payload_hash = 33,
                     .payload_schema_hash = 44,
                     .node = "db-1"},
    };
    memset(handshake.key.bytes, 0x5a, sizeof(handshake.key.bytes));
    memset(handshake.initiator.nonce, 1, LINK_AUTH_NONCE_SIZE);
    memset(handshake.acceptor.nonce, 2, LINK_AUTH_NONCE_SIZE);
    return handshake;
}

static void prove(const struct handshake *handshake, enum link_auth_direction direction,
                  uint8_t proof[LINK_AUTH_PROOF_SIZE])
{
    link_auth_prove(&handshake->key, direction, &handshake->initiator, &handshake->acceptor, proof);
}

static bool verify(const struct handshake *handshake, enum link_auth_direction direction,
                   const uint8_t proof[LINK_AUTH_PROOF_SIZE])
{
    return link_auth_verify(&handshake->key, direction, &handshake->initiator, &handshake->acceptor,
                            proof);
}

static void link_auth_right_proof_verifies(void **state)
{
    (void)state;
    const struct handshake handshake = make_handshake();
    uint8_t proof[LINK_AUTH_PROOF_SIZE];
    prove(&handshake, LINK_AUTH_INITIATOR, proof);
    assert_true(verify(&handshake, LINK_AUTH_INITIATOR, proof));
    prove(&handshake, LINK_AUTH_ACCEPTOR, proof);
    assert_true(verify(&handshake, LINK_AUTH_ACCEPTOR, proof));
}

static void link_auth_other_direction_is_refused(void **state)
{
    (void)state;
    const struct handshake handshake = make_handshake();
    uint8_t proof[LINK_AUTH_PROOF_SIZE];
    prove(&handshake, LINK_AUTH_ACCEPTOR, proof);
    assert_false(verify(&handshake, LINK_AUTH_INITIATOR, proof));
    prove(&handshake, LINK_AUTH_INITIATOR, proof);
    assert_false(verify(&handshake, LINK_AUTH_ACCEPTOR, proof));
}

/* A peer that sends our own hello and proof back at us. */
static void link_auth_reflected_sides_are_refused(void **state)
{
    (void)state;
    struct handshake handshake = make_handshake();
    uint8_t proof[LINK_AUTH_PROOF_SIZE];
    handshake.acceptor = handshake.initiator;
    prove(&handshake, LINK_AUTH_INITIATOR, proof);
    assert_false(verify(&handshake, LINK_AUTH_ACCEPTOR, proof));
}

static void link_auth_swapped_sides_are_refused(void **state)
{
    (void)state;
    const struct handshake handshake = make_handshake();
    struct handshake swapped = handshake;
    uint8_t proof[LINK_AUTH_PROOF_SIZE];
    swapped.initiator = handshake.acceptor;
    swapped.acceptor = handshake.initiator;
    prove(&handshake, LINK_AUTH_INITIATOR, proof);
    assert_false(verify(&swapped, LINK_AUTH_INITIATOR, proof));
}

static void link_auth_every_bit_of_the_proof_counts(void **state)
{
    (void)state;
    const struct handshake handshake = make_handshake();
    uint8_t proof[LINK_AUTH_PROOF_SIZE];
    prove(&handshake, LINK_AUTH_INITIATOR, proof);
    for (uint32_t bit = 0; bit < LINK_AUTH_PROOF_SIZE * 8; bit++) {
        proof[bit / 8] ^= (uint8_t)(1u << bit % 8);
        assert_false(verify(&handshake, LINK_AUTH_INITIATOR, proof));
        proof[bit / 8] ^= (uint8_t)(1u << bit % 8);
    }
    assert_true(verify(&handshake, LINK_AUTH_INITIATOR, proof));
}

/* Change one thing on one side; the proof of the unchanged handshake must not fit any more. */
static void expect_change_refused(struct handshake *changed)
{
    const struct handshake handshake = make_handshake();
    uint8_t proof[LINK_AUTH_PROOF_SIZE];
    prove(&handshake, LINK_AUTH_INITIATOR, proof);
    assert_false(verify(changed, LINK_AUTH_INITIATOR, proof));
    prove(&handshake, LINK_AUTH_ACCEPTOR, proof);
    assert_false(verify(changed, LINK_AUTH_ACCEPTOR, proof));
    *changed = make_handshake();
}

static void expect_side_is_bound(struct handshake *changed, struct link_auth_side *side)
{
    side->role++;
    expect_change_refused(changed);
    side->version++;
    expect_change_refused(changed);
    side->compat_hash ^= UINT64_C(1) << 63;
    expect_change_refused(changed);
    side->payload_version++;
    expect_change_refused(changed);
    side->payload_hash ^= 1;
    expect_change_refused(changed);
    side->payload_schema_hash ^= UINT64_C(1) << 63;
    expect_change_refused(changed);
    side->node[0] = 'x';
    expect_change_refused(changed);
    side->node[strlen(side->node)] = '1'; /* the rest of the array is zero */
    expect_change_refused(changed);
    side->nonce[0] ^= 1;
    expect_change_refused(changed);
    side->nonce[LINK_AUTH_NONCE_SIZE - 1] ^= 1;
    expect_change_refused(changed);
}

static void link_auth_all_that_was_said_is_bound(void **state)
{
    (void)state;
    struct handshake changed = make_handshake();
    expect_side_is_bound(&changed, &changed.initiator);
    expect_side_is_bound(&changed, &changed.acceptor);
}

static void link_auth_other_key_is_refused(void **state)
{
    (void)state;
    struct handshake changed = make_handshake();
    changed.key.bytes[NODE_KEY_SIZE - 1] ^= 1;
    expect_change_refused(&changed);
}

/* A byte must not be able to move from the end of one field to the start of the next. */
static void link_auth_field_borders_are_bound(void **state)
{
    (void)state;
    struct handshake one = make_handshake();
    struct handshake other = make_handshake();
    uint8_t proof[LINK_AUTH_PROOF_SIZE];
    snprintf(one.initiator.node, sizeof(one.initiator.node), "ab");
    one.initiator.version = 0x0063; /* 'c', 0 */
    snprintf(other.initiator.node, sizeof(other.initiator.node), "abc");
    other.initiator.version = 0;
    prove(&one, LINK_AUTH_INITIATOR, proof);
    assert_false(verify(&other, LINK_AUTH_INITIATOR, proof));
}

/* Computed outside of this program, so that a change of the message is noticed: both ends of a link
 * have to agree on it. */
static void link_auth_message_is_fixed(void **state)
{
    (void)state;
    static const uint8_t expected[LINK_AUTH_PROOF_SIZE] = {
        0x6a, 0x30, 0x2f, 0x6e, 0x68, 0xd0, 0x9f, 0xc9, 0x01, 0xf0, 0x8d,
        0xd9, 0xf3, 0x18, 0x32, 0x1d, 0x19, 0x9d, 0x12, 0xd0, 0xe0, 0x88,
        0x61, 0x7b, 0x96, 0x04, 0x7c, 0x0b, 0x67, 0x99, 0xd4, 0x6e};
    const struct handshake handshake = make_handshake();
    uint8_t proof[LINK_AUTH_PROOF_SIZE];
    prove(&handshake, LINK_AUTH_INITIATOR, proof);
    assert_memory_equal(proof, expected, sizeof(expected));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(link_auth_right_proof_verifies),
        cmocka_unit_test(link_auth_other_direction_is_refused),
        cmocka_unit_test(link_auth_reflected_sides_are_refused),
        cmocka_unit_test(link_auth_swapped_sides_are_refused),
        cmocka_unit_test(link_auth_every_bit_of_the_proof_counts),
        cmocka_unit_test(link_auth_all_that_was_said_is_bound),
        cmocka_unit_test(link_auth_other_key_is_refused),
        cmocka_unit_test(link_auth_field_borders_are_bound),
        cmocka_unit_test(link_auth_message_is_fixed),
    };
    return cmocka_run_group_tests_name("link_auth", tests, NULL, NULL);
}
