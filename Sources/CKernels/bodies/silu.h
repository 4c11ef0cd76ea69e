// The gate of the feed-forward layer: silu(gate) * up.

CK_INLINE vf vf_silu(vf x) { return vf_mul(x, vf_sigmoid(x)); }

CK_BINARY(silu_multiply_f32, vf_mul(vf_silu(a), b))

static void ck_silu_multiply_backward_f32(float *dgate, float *dup, const float *dout, const float *gate,
                                          const float *up, size_t count) {
  for (size_t i = 0; i < count; i += VF_LANES) {
    size_t n = count - i;
    int whole = n >= VF_LANES;
    vf dy = whole ? vf_load(dout + i) : vf_load_partial(dout + i, n);
    vf g = whole ? vf_load(gate + i) : vf_load_partial(gate + i, n);
    vf u = whole ? vf_load(up + i) : vf_load_partial(up + i, n);
    // silu' = s + g s (1 - s), with 1 - s = sigmoid(-g) formed without cancellation.
    vf e = vf_exp(vf_sub(vf_zero(), vf_abs(g))), one = vf_set1(1.0f);
    vf large = vf_div(one, vf_add(e, one)), little = vf_mul(e, large);
    vm negative = vf_less(g, vf_zero());
    vf s = vf_select(negative, little, large), complement = vf_select(negative, large, little);
    vf slope = vf_fma(vf_mul(g, s), complement, s);
    vf gate_gradient = vf_mul(vf_mul(dy, u), slope), up_gradient = vf_mul(dy, vf_mul(g, s));
    if (whole) {
      vf_store(dgate + i, gate_gradient);
      vf_store(dup + i, up_gradient);
    } else {
      vf_store_partial(dgate + i, gate_gradient, n);
      vf_store_partial(dup + i, up_gradient, n);
    }
  }
}
