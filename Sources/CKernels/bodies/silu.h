// The gate of the feed-forward layer: silu(gate) * up.

CK_INLINE vf vf_silu(vf x) { return vf_mul(x, vf_sigmoid(x)); }

CK_BINARY(silu_multiply_f32, vf_mul(vf_silu(a), b))

static void ck_silu_multiply_backward_f32(float *dgate, float *dup, const float *dout, const float *gate,
                                          const float *up, size_t count) {
  CK_EACH_VECTOR(i, n, count) {
    vf dy = load_up_to(dout + i, n), g = load_up_to(gate + i, n), u = load_up_to(up + i, n);
    // silu' = s + g s (1 - s), with 1 - s = sigmoid(-g) formed without cancellation.
    vf e = vf_exp(vf_sub(vf_zero(), vf_abs(g))), one = vf_set1(1.0f);
    vf large = vf_div(one, vf_add(e, one)), little = vf_mul(e, large);
    vm negative = vf_less(g, vf_zero());
    vf s = vf_select(negative, little, large), complement = vf_select(negative, large, little);
    vf slope = vf_fma(vf_mul(g, s), complement, s);
    store_up_to(dgate + i, vf_mul(vf_mul(dy, u), slope), n);
    store_up_to(dup + i, vf_mul(dy, vf_mul(g, s)), n);
  }
}
