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
      CK_EACH_VECTOR(j, n, half) {
        vf a = load_up_to(first + j, n), b = load_up_to(second + j, n);
        vf c = load_up_to(cosine + j, n), s = vf_mul(sign, load_up_to(sine + j, n));
        store_up_to(first + j, vf_fnma(b, s, vf_mul(a, c)), n);
        store_up_to(second + j, vf_fma(a, s, vf_mul(b, c)), n);
      }
    }
  }
}
