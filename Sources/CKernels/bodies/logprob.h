// The log-probability of one target a row, and its gradient in place of the logits. Two passes over a row (maximum,
// sum of exponentials) that the second reads from cache: cheaper than one online pass, which needs two exponentials.

static void ck_logprob_rows_f32(float *restrict logp, float *restrict log_sum, const float *x, size_t x_stride,
                                const int32_t *targets, size_t rows, size_t width) {
  if (width == 0) return;
  for (size_t row = 0; row < rows; row++, x += x_stride) {
    float maximum = row_max(x, width);
    float log_of_sum = scalar_log((float)row_sum_of_exponentials(x, width, maximum));
    logp[row] = (x[targets[row]] - maximum) - log_of_sum;
    if (log_sum) log_sum[row] = maximum + log_of_sum;
  }
}

static void ck_logprob_rows_gradient_f32(float *restrict x, size_t x_stride, const float *log_sum,
                                         const int32_t *targets, size_t rows, size_t width) {
  if (width == 0) return;
  for (size_t row = 0; row < rows; row++, x += x_stride) {
    vf shift = vf_set1(log_sum[row]);
    size_t j = 0;
    for (; j + VF_LANES <= width; j += VF_LANES)
      vf_store(x + j, vf_sub(vf_zero(), vf_exp(vf_sub(vf_load(x + j), shift))));
    if (j < width) {
      vf gradient = vf_sub(vf_zero(), vf_exp(vf_sub(vf_load_partial(x + j, width - j), shift)));
      vf_store_partial(x + j, gradient, width - j);
    }
    x[targets[row]] += 1.0f;
  }
}
