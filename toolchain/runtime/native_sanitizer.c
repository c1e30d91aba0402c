/* SPDX-License-Identifier: MIT
 *
 * For unit tests of driver functions as native code, never part of an image: what clang's undefined behaviour checks call.
 * The first rule that was broken is kept for the test to read; the process goes on.
 */

const char *pyndis_undefined_behaviour = 0;

static void broke(const char *rule) {
    if (pyndis_undefined_behaviour == 0) {
        pyndis_undefined_behaviour = rule;
    }
}

/* Checks after which the code cannot go on call the second form. */
#define RULE(rule)                                                                                                               \
    void __ubsan_handle_##rule##_minimal(void);                                                                                  \
    void __ubsan_handle_##rule##_minimal_abort(void);                                                                            \
    void __ubsan_handle_##rule##_minimal(void) { broke(#rule); }                                                                 \
    void __ubsan_handle_##rule##_minimal_abort(void) {                                                                           \
        broke(#rule);                                                                                                            \
        __builtin_trap();                                                                                                        \
    }

RULE(add_overflow)
RULE(alignment_assumption)
RULE(builtin_unreachable)
RULE(divrem_overflow)
RULE(float_cast_overflow)
RULE(implicit_conversion)
RULE(invalid_builtin)
RULE(load_invalid_value)
RULE(local_out_of_bounds)
RULE(missing_return)
RULE(mul_overflow)
RULE(negate_overflow)
RULE(nonnull_arg)
RULE(nonnull_return)
RULE(out_of_bounds)
RULE(pointer_overflow)
RULE(shift_out_of_bounds)
RULE(sub_overflow)
RULE(type_mismatch)
RULE(vla_bound_not_positive)
