// Elementwise kernels and the float64 reductions.

/// Apply `expression` to whole vectors, then to the partial one, with a[i], b[i] in `a` and `b`.
#define CK_BINARY(field, expression)                                                                                   \
  static void ck_##field(float *out, const float *a_values, const float *b_values, size_t count) {                     \
    size_t i = 0;                                                                                                      \
    for (; i + VF_LANES <= count; i += VF_LANES) {                                                                     \
      vf a = vf_load(a_values + i), b = vf_load(b_values + i);                                                         \
      vf_store(out + i, expression);                                                                                   \
    }                                                                                                                  \
    if (i < count) {                                                                                                   \
      vf a = vf_load_partial(a_values + i, count - i), b = vf_load_partial(b_values + i, count - i);                   \
      vf_store_partial(out + i, expression, count - i);                                                                \
    }                                                                                                                  \
  }
#define CK_UNARY(field, expression)                                                                                    \
  static void ck_##field(float *out, const float *x_values, size_t count) {                                            \
    size_t i = 0;                                                                                                      \
    for (; i + VF_LANES <= count; i += VF_LANES) {                                                                     \
      vf x = vf_load(x_values + i);                                                                                    \
      vf_store(out + i, expression);                                                                                   \
    }                                                                                                                  \
    if (i < count) {                                                                                                   \
      vf x = vf_load_partial(x_values + i, count - i);                                                                 \
      vf_store_partial(out + i, expression, count - i);                                                                \
    }                                                                                                                  \
  }

CK_BINARY(add_f32, vf_add(a, b))
CK_BINARY(subtract_f32, vf_sub(a, b))
CK_BINARY(multiply_f32, vf_mul(a, b))
CK_BINARY(divide_f32, vf_div(a, b))
CK_UNARY(exp_f32, vf_exp(x))
CK_UNARY(log_f32, vf_log(x))
CK_UNARY(sigmoid_f32, vf_sigmoid(x))
CK_UNARY(tanh_f32, vf_tanh(x))

static void ck_scale_f32(float *out, const float *x, float scale, size_t count) {
  vf factor = vf_set1(scale);
  size_t i = 0;
  for (; i + VF_LANES <= count; i += VF_LANES) vf_store(out + i, vf_mul(factor, vf_load(x + i)));
  if (i < count) vf_store_partial(out + i, vf_mul(factor, vf_load_partial(x + i, count - i)), count - i);
}

static void ck_add_scaled_f32(float *y, const float *x, float scale, size_t count) {
  vf factor = vf_set1(scale);
  size_t i = 0;
  for (; i + VF_LANES <= count; i += VF_LANES) vf_store(y + i, vf_fma(factor, vf_load(x + i), vf_load(y + i)));
  if (i < count) {
    size_t n = count - i;
    vf_store_partial(y + i, vf_fma(factor, vf_load_partial(x + i, n), vf_load_partial(y + i, n)), n);
  }
}

static double ck_sum_f32(const float *x, size_t count) {
  vw sums[4] = {vw_zero(), vw_zero(), vw_zero(), vw_zero()};
  size_t i = 0;
  for (; i + 4 * VF_LANES <= count; i += 4 * VF_LANES)
    for (int j = 0; j < 4; j++) sums[j] = vw_add(sums[j], vf_load(x + i + j * VF_LANES));
  for (; i + VF_LANES <= count; i += VF_LANES) sums[0] = vw_add(sums[0], vf_load(x + i));
  if (i < count) sums[1] = vw_add(sums[1], vf_load_partial(x + i, count - i));
  return vw_sum(vw_merge(vw_merge(sums[0], sums[1]), vw_merge(sums[2], sums[3])));
}

static double ck_dot_f32(const float *a, const float *b, size_t count) {
  vw sums[4] = {vw_zero(), vw_zero(), vw_zero(), vw_zero()};
  size_t i = 0;
  for (; i + 4 * VF_LANES <= count; i += 4 * VF_LANES)
    for (int j = 0; j < 4; j++)
      sums[j] = vw_add_product(sums[j], vf_load(a + i + j * VF_LANES), vf_load(b + i + j * VF_LANES));
  for (; i + VF_LANES <= count; i += VF_LANES) sums[0] = vw_add_product(sums[0], vf_load(a + i), vf_load(b + i));
  if (i < count) {
    size_t n = count - i;
    sums[1] = vw_add_product(sums[1], vf_load_partial(a + i, n), vf_load_partial(b + i, n));
  }
  return vw_sum(vw_merge(vw_merge(sums[0], sums[1]), vw_merge(sums[2], sums[3])));
}
