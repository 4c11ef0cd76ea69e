// Sums, maxima and copies of one row. Sums are float32 with four accumulators, in a fixed order that depends on the
// length only.

static void copy_row(float *out, const float *x, size_t count) {
  size_t i = 0;
  for (; i + VF_LANES <= count; i += VF_LANES) vf_store(out + i, vf_load(x + i));
  if (i < count) vf_store_partial(out + i, vf_load_partial(x + i, count - i), count - i);
}

/// sum(a * b)
CK_INLINE float row_dot(const float *a, const float *b, size_t count) {
  vf sums[4] = {vf_zero(), vf_zero(), vf_zero(), vf_zero()};
  size_t i = 0;
  for (; i + 4 * VF_LANES <= count; i += 4 * VF_LANES)
    for (int j = 0; j < 4; j++) sums[j] = vf_fma(vf_load(a + i + j * VF_LANES), vf_load(b + i + j * VF_LANES), sums[j]);
  for (; i + VF_LANES <= count; i += VF_LANES) sums[0] = vf_fma(vf_load(a + i), vf_load(b + i), sums[0]);
  if (i < count) sums[1] = vf_fma(vf_load_partial(a + i, count - i), vf_load_partial(b + i, count - i), sums[1]);
  return vf_sum(vf_add(vf_add(sums[0], sums[1]), vf_add(sums[2], sums[3])));
}

/// sum(x)
CK_INLINE float row_sum(const float *x, size_t count) {
  vf sums[4] = {vf_zero(), vf_zero(), vf_zero(), vf_zero()};
  size_t i = 0;
  for (; i + 4 * VF_LANES <= count; i += 4 * VF_LANES)
    for (int j = 0; j < 4; j++) sums[j] = vf_add(sums[j], vf_load(x + i + j * VF_LANES));
  for (; i + VF_LANES <= count; i += VF_LANES) sums[0] = vf_add(sums[0], vf_load(x + i));
  if (i < count) sums[1] = vf_add(sums[1], vf_load_partial(x + i, count - i));
  return vf_sum(vf_add(vf_add(sums[0], sums[1]), vf_add(sums[2], sums[3])));
}

/// The largest element; -infinity for an empty row. A NaN may be missed: the sum of exponentials that follows has it.
CK_INLINE float row_max(const float *x, size_t count) {
  vf lowest = vf_set1(-__builtin_inff());
  vf maxima[4] = {lowest, lowest, lowest, lowest};
  size_t i = 0;
  for (; i + 4 * VF_LANES <= count; i += 4 * VF_LANES)
    for (int j = 0; j < 4; j++) maxima[j] = vf_max(vf_load(x + i + j * VF_LANES), maxima[j]);
  for (; i + VF_LANES <= count; i += VF_LANES) maxima[0] = vf_max(vf_load(x + i), maxima[0]);
  if (i < count) maxima[1] = vf_max(vf_load_partial_or(x + i, count - i, lowest), maxima[1]);
  return vf_max_across(vf_max(vf_max(maxima[0], maxima[1]), vf_max(maxima[2], maxima[3])));
}

/// sum(exp(x - maximum)). Every ROW_SUM_BLOCK elements the float32 accumulators are emptied into float64 ones: a
/// vocabulary-wide row loses no more than a short one.
#define ROW_SUM_BLOCK (64 * VF_LANES)
CK_INLINE double row_sum_of_exponentials(const float *x, size_t count, float maximum) {
  vf shift = vf_set1(maximum);
  vw total = vw_zero();
  for (size_t start = 0; start < count; start += ROW_SUM_BLOCK) {
    const float *block = x + start;
    size_t length = count - start < ROW_SUM_BLOCK ? count - start : ROW_SUM_BLOCK, i = 0;
    vf sums[4] = {vf_zero(), vf_zero(), vf_zero(), vf_zero()};
    for (; i + 4 * VF_LANES <= length; i += 4 * VF_LANES)
      for (int j = 0; j < 4; j++) sums[j] = vf_add(sums[j], vf_exp(vf_sub(vf_load(block + i + j * VF_LANES), shift)));
    for (; i + VF_LANES <= length; i += VF_LANES) sums[0] = vf_add(sums[0], vf_exp(vf_sub(vf_load(block + i), shift)));
    if (i < length) {
      vf tail = vf_exp(vf_sub(vf_load_partial(block + i, length - i), shift));
      sums[1] = vf_add(sums[1], vf_keep_first(tail, length - i));
    }
    total = vw_add(total, vf_add(vf_add(sums[0], sums[1]), vf_add(sums[2], sums[3])));
  }
  return vw_sum(total);
}

/// log(x) of one number, by the same code as a vector's.
CK_INLINE float scalar_log(float x) { return vf_first(vf_log(vf_set1(x))); }
