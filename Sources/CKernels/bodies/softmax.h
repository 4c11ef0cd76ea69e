// Softmax and log-softmax by rows, with their gradients in terms of the outputs.

/// x = exp(x - maximum) in out, and their sum.
CK_INLINE double store_exponentials(float *out, const float *x, size_t count, float maximum) {
  vf shift = vf_set1(maximum);
  vw total = vw_zero();
  for (size_t start = 0; start < count; start += ROW_SUM_BLOCK) {
    size_t end = count - start < ROW_SUM_BLOCK ? count : start + ROW_SUM_BLOCK, i = start;
    vf sums[4] = {vf_zero(), vf_zero(), vf_zero(), vf_zero()};
    for (; i + 4 * VF_LANES <= end; i += 4 * VF_LANES)
      for (int j = 0; j < 4; j++) {
        vf e = vf_exp(vf_sub(vf_load(x + i + j * VF_LANES), shift));
        vf_store(out + i + j * VF_LANES, e);
        sums[j] = vf_add(sums[j], e);
      }
    for (; i + VF_LANES <= end; i += VF_LANES) {
      vf e = vf_exp(vf_sub(vf_load(x + i), shift));
      vf_store(out + i, e);
      sums[0] = vf_add(sums[0], e);
    }
    if (i < end) {
      vf e = vf_exp(vf_sub(vf_load_partial(x + i, end - i), shift));
      vf_store_partial(out + i, e, end - i);
      sums[1] = vf_add(sums[1], vf_keep_first(e, end - i));
    }
    total = vw_add(total, vf_add(vf_add(sums[0], sums[1]), vf_add(sums[2], sums[3])));
  }
  return vw_sum(total);
}

static void ck_softmax_rows_f32(float *out, size_t out_stride, const float *x, size_t x_stride, size_t rows,
                                size_t width) {
  if (width == 0) return;
  for (size_t row = 0; row < rows; row++, out += out_stride, x += x_stride) {
    double sum = store_exponentials(out, x, width, row_max(x, width));
    ck_scale_f32(out, out, (float)(1.0 / sum), width);
  }
}

static void ck_softmax_rows_backward_f32(float *restrict dx, size_t dx_stride, const float *dy, size_t dy_stride,
                                         const float *y, size_t y_stride, size_t rows, size_t width, CKStore store) {
  for (size_t row = 0; row < rows; row++, dx += dx_stride, dy += dy_stride, y += y_stride) {
    vf mean = vf_set1(row_dot(y, dy, width));
    size_t j = 0;
    for (; j + VF_LANES <= width; j += VF_LANES) {
      vf base = store == CKStoreAdd ? vf_load(dx + j) : vf_zero();
      vf_store(dx + j, vf_fma(vf_load(y + j), vf_sub(vf_load(dy + j), mean), base));
    }
    if (j < width) {
      size_t n = width - j;
      vf base = store == CKStoreAdd ? vf_load_partial(dx + j, n) : vf_zero();
      vf gradient = vf_fma(vf_load_partial(y + j, n), vf_sub(vf_load_partial(dy + j, n), mean), base);
      vf_store_partial(dx + j, gradient, n);
    }
  }
}

static void ck_log_softmax_rows_f32(float *out, size_t out_stride, const float *x, size_t x_stride, size_t rows,
                                    size_t width) {
  for (size_t row = 0; row < rows; row++, out += out_stride, x += x_stride) {
    float maximum = row_max(x, width);
    vf shift = vf_set1(maximum);
    vf log_sum = vf_set1(scalar_log((float)row_sum_of_exponentials(x, width, maximum)));
    size_t j = 0;
    // The maximum first: x - maximum is exact where it matters, their sum with the logarithm would not be.
    for (; j + VF_LANES <= width; j += VF_LANES) vf_store(out + j, vf_sub(vf_sub(vf_load(x + j), shift), log_sum));
    if (j < width) {
      vf y = vf_sub(vf_sub(vf_load_partial(x + j, width - j), shift), log_sum);
      vf_store_partial(out + j, y, width - j);
    }
  }
}

static void ck_log_softmax_rows_backward_f32(float *restrict dx, size_t dx_stride, const float *dy, size_t dy_stride,
                                             const float *y, size_t y_stride, size_t rows, size_t width,
                                             CKStore store) {
  for (size_t row = 0; row < rows; row++, dx += dx_stride, dy += dy_stride, y += y_stride) {
    vf total = vf_set1(row_sum(dy, width));
    size_t j = 0;
    for (; j + VF_LANES <= width; j += VF_LANES) {
      vf gradient = vf_fnma(vf_exp(vf_load(y + j)), total, vf_load(dy + j));
      vf_store(dx + j, store == CKStoreAdd ? vf_add(vf_load(dx + j), gradient) : gradient);
    }
    if (j < width) {
      size_t n = width - j;
      vf gradient = vf_fnma(vf_exp(vf_load_partial(y + j, n)), total, vf_load_partial(dy + j, n));
      vf_store_partial(dx + j, store == CKStoreAdd ? vf_add(vf_load_partial(dx + j, n), gradient) : gradient, n);
    }
  }
}
