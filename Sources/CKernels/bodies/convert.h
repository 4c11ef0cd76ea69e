// float32 to bfloat16. Integer arithmetic and no conversion instruction: that may count subnormals as zero.

/// Round to nearest even; NaN becomes a quiet NaN of the same sign.
static inline uint16_t ck_bf16(float x) {
  uint32_t bits;
  __builtin_memcpy(&bits, &x, sizeof bits);
  const uint32_t infinity = 0x7f800000, quiet = 0x40;
  const uint32_t rounded = (bits + 0x7fff + (bits >> 16 & 1)) >> 16;
  return (uint16_t)((bits & 0x7fffffff) > infinity ? bits >> 16 | quiet : rounded);
}

static inline float f32_from_bf16(uint16_t x) {
  const uint32_t bits = (uint32_t)x << 16;
  float widened;
  __builtin_memcpy(&widened, &bits, sizeof widened);
  return widened;
}

static void ck_convert_f32_bf16(uint16_t *restrict out, const float *restrict x, size_t count) {
  for (size_t i = 0; i < count; i++) out[i] = ck_bf16(x[i]);
}
