// Rotary position embedding in the "half split" layout, in place.

static void ck_rotate_f32(float *restrict x, size_t x_stride, const float *cosines, const float *sines,
                          const int32_t *positions, size_t rows, size_t heads, size_t head_stride, size_t rotated,
                          CKRotation direction) {
  size_t half = rotated / 2;
  vf sign = vf_set1(direction == CKRotationBackward ? -1.0f : 1.0f);
  for (size_t row = 0; row < rows; row++) {
    const float *cosine = cosines + (size_t)positions[row] * half, *sine = sines + (size_t)positions[row] * half;
    for (size_t head = 0; head < heads; head++) {
      float *first = x + row * x_stride + head * head_stride, *second = first + half;
      size_t j = 0;
      for (; j + VF_LANES <= half; j += VF_LANES) {
        vf a = vf_load(first + j), b = vf_load(second + j);
        vf c = vf_load(cosine + j), s = vf_mul(sign, vf_load(sine + j));
        vf_store(first + j, vf_fnma(b, s, vf_mul(a, c)));
        vf_store(second + j, vf_fma(a, s, vf_mul(b, c)));
      }
      if (j < half) {
        size_t n = half - j;
        vf a = vf_load_partial(first + j, n), b = vf_load_partial(second + j, n);
        vf c = vf_load_partial(cosine + j, n), s = vf_mul(sign, vf_load_partial(sine + j, n));
        vf_store_partial(first + j, vf_fnma(b, s, vf_mul(a, c)), n);
        vf_store_partial(second + j, vf_fma(a, s, vf_mul(b, c)), n);
      }
    }
  }
}
