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
    CK_EACH_VECTOR(j, n, width) {
      vf base = store == CKStoreAdd ? load_up_to(dx + j, n) : vf_zero();
      store_up_to(dx + j, vf_fma(load_up_to(y + j, n), vf_sub(load_up_to(dy + j, n), mean), base), n);
    }
  }
}

static void ck_log_softmax_rows_f32(float *out, size_t out_stride, const float *x, size_t x_stride, size_t rows,
                                    size_t width) {
  for (size_t row = 0; row < rows; row++, out += out_stride, x += x_stride) {
    float maximum = row_max(x, width);
    vf shift = vf_set1(maximum);
    vf log_sum = vf_set1(scalar_log((float)row_sum_of_exponentials(x, width, maximum)));
    // The maximum first: x - maximum is exact where it matters, their sum with the logarithm would not be.
    CK_EACH_VECTOR(j, n, width) store_up_to(out + j, vf_sub(vf_sub(load_up_to(x + j, n), shift), log_sum), n);
  }
}

static void ck_log_softmax_rows_backward_f32(float *restrict dx, size_t dx_stride, const float *dy, size_t dy_stride,
                                             const float *y, size_t y_stride, size_t rows, size_t width,
                                             CKStore store) {
  for (size_t row = 0; row < rows; row++, dx += dx_stride, dy += dy_stride, y += y_stride) {
    vf total = vf_set1(row_sum(dy, width));
    CK_EACH_VECTOR(j, n, width) {
      vf gradient = vf_fnma(vf_exp(load_up_to(y + j, n)), total, load_up_to(dy + j, n));
      store_up_to(dx + j, store == CKStoreAdd ? vf_add(load_up_to(dx + j, n), gradient) : gradient, n);
    }
  }
}
