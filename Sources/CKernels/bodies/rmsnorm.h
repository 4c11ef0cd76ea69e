// RMSNorm: y = x r w, r = 1 / sqrt(mean(x^2) + epsilon), and its two gradients.

CK_INLINE float inverse_root_mean_square(const float *x, size_t width, float epsilon) {
  float mean = row_dot(x, x, width) / (float)width;
  return 1.0f / vf_first(vf_sqrt(vf_set1(mean + epsilon)));
}

static void ck_rmsnorm_f32(float *out, size_t out_stride, const float *x, size_t x_stride, const float *weight,
                           size_t rows, size_t width, float epsilon) {
  for (size_t row = 0; row < rows; row++, out += out_stride, x += x_stride) {
    vf r = vf_set1(inverse_root_mean_square(x, width, epsilon));
    size_t j = 0;
    for (; j + VF_LANES <= width; j += VF_LANES)
      vf_store(out + j, vf_mul(vf_mul(vf_load(x + j), r), vf_load(weight + j)));
    if (j < width) {
      vf y = vf_mul(vf_mul(vf_load_partial(x + j, width - j), r), vf_load_partial(weight + j, width - j));
      vf_store_partial(out + j, y, width - j);
    }
  }
}

/// sum(a * b * c), as row_dot
CK_INLINE float row_triple_dot(const float *a, const float *b, const float *c, size_t count) {
  vf sums[4] = {vf_zero(), vf_zero(), vf_zero(), vf_zero()};
  size_t i = 0;
  for (; i + 4 * VF_LANES <= count; i += 4 * VF_LANES)
    for (int j = 0; j < 4; j++) {
      size_t at = i + (size_t)j * VF_LANES;
      sums[j] = vf_fma(vf_mul(vf_load(a + at), vf_load(b + at)), vf_load(c + at), sums[j]);
    }
  for (; i + VF_LANES <= count; i += VF_LANES)
    sums[0] = vf_fma(vf_mul(vf_load(a + i), vf_load(b + i)), vf_load(c + i), sums[0]);
  if (i < count) {
    size_t n = count - i;
    vf product = vf_mul(vf_load_partial(a + i, n), vf_load_partial(b + i, n));
    sums[1] = vf_fma(product, vf_load_partial(c + i, n), sums[1]);
  }
  return vf_sum(vf_add(vf_add(sums[0], sums[1]), vf_add(sums[2], sums[3])));
}

static void ck_rmsnorm_backward_f32(float *restrict dx, size_t dx_stride, const float *dy, size_t dy_stride,
                                    const float *x, size_t x_stride, const float *weight, size_t rows, size_t width,
                                    float epsilon, CKStore store) {
  for (size_t row = 0; row < rows; row++, dx += dx_stride, dy += dy_stride, x += x_stride) {
    // dx = r (dy w) - x r^3 sum(dy w x) / width; x r stays near 1 where r^3 alone could overflow.
    float scalar_r = inverse_root_mean_square(x, width, epsilon);
    float projection = row_triple_dot(dy, weight, x, width) * scalar_r / (float)width;
    vf r = vf_set1(scalar_r), along = vf_set1(projection);
    size_t j = 0;
    for (; j + VF_LANES <= width; j += VF_LANES) {
      vf normalized = vf_mul(vf_load(x + j), r);
      vf inner = vf_fnma(normalized, along, vf_mul(vf_load(dy + j), vf_load(weight + j)));
      vf base = store == CKStoreAdd ? vf_load(dx + j) : vf_zero();
      vf_store(dx + j, vf_fma(r, inner, base));
    }
    if (j < width) {
      size_t n = width - j;
      vf normalized = vf_mul(vf_load_partial(x + j, n), r);
      vf inner = vf_fnma(normalized, along, vf_mul(vf_load_partial(dy + j, n), vf_load_partial(weight + j, n)));
      vf base = store == CKStoreAdd ? vf_load_partial(dx + j, n) : vf_zero();
      vf_store_partial(dx + j, vf_fma(r, inner, base), n);
    }
  }
}

static void ck_rmsnorm_backward_weight_f32(float *restrict dweight, const float *dy, size_t dy_stride, const float *x,
                                           size_t x_stride, size_t rows, size_t width, float epsilon) {
  for (size_t row = 0; row < rows; row++, dy += dy_stride, x += x_stride) {
    vf r = vf_set1(inverse_root_mean_square(x, width, epsilon));
    size_t j = 0;
    for (; j + VF_LANES <= width; j += VF_LANES) {
      vf normalized = vf_mul(vf_load(x + j), r);
      vf_store(dweight + j, vf_fma(vf_load(dy + j), normalized, vf_load(dweight + j)));
    }
    if (j < width) {
      size_t n = width - j;
      vf normalized = vf_mul(vf_load_partial(x + j, n), r);
      vf sum = vf_fma(vf_load_partial(dy + j, n), normalized, vf_load_partial(dweight + j, n));
      vf_store_partial(dweight + j, sum, n);
    }
  }
}
