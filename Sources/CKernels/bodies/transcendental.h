// exp, log, sigmoid, tanh and silu of a vector. The bounds named here are tested over dense sweeps in every variant.

/// exp(x) within 2 ULP, subnormal results included; 0 below -103.98, infinity above 88.73, NaN for NaN.
CK_INLINE vf vf_exp(vf x) {
  // The bounds keep n in -150...128, past where the result is 0 or infinity. NaN is the second operand: it stays.
  x = vf_min(vf_set1(89.0f), vf_max(vf_set1(-104.0f), x));
  // n = round(x / ln 2): adding 1.5 * 2^23 leaves the integer in the low mantissa bits.
  const float shifter = 0x1.8p23f;
  vf shifted = vf_fma(x, vf_set1(1.44269504089f), vf_set1(shifter));
  vi n = vi_sub(vi_from_bits(shifted), vi_from_bits(vf_set1(shifter)));
  vf whole = vf_sub(shifted, vf_set1(shifter));
  // r = x - n ln 2 in two steps; the first product is exact because 0x1.63p-1 has nine significant bits.
  vf r = vf_fnma(whole, vf_set1(0x1.63p-1f), x);
  r = vf_fnma(whole, vf_set1(-2.12194440e-4f), r);
  // exp(r) = 1 + r + r^2 p(r) on |r| <= ln(2)/2, coefficients of Cephes' expf.
  vf p = vf_set1(1.9875691500e-4f);
  p = vf_fma(p, r, vf_set1(1.3981999507e-3f));
  p = vf_fma(p, r, vf_set1(8.3334519073e-3f));
  p = vf_fma(p, r, vf_set1(4.1665795894e-2f));
  p = vf_fma(p, r, vf_set1(1.6666665459e-1f));
  p = vf_fma(p, r, vf_set1(5.0000001201e-1f));
  p = vf_fma(p, vf_mul(r, r), r);
  return vf_ldexp(vf_add(p, vf_set1(1.0f)), n);
}

/// log(x) within 2 ULP, subnormals included; log(0) = -infinity, NaN for negative x and NaN.
CK_INLINE vf vf_log(vf x) {
  // Subnormals are scaled into the normal range, their exponent corrected.
  vm small = vf_less(x, vf_set1(0x1p-126f));
  vf scaled = vf_select(small, vf_mul(x, vf_set1(0x1p25f)), x);
  vf correction = vf_select(small, vf_set1(-25.0f), vf_zero());
  // scaled = 2^e m with m in [sqrt(1/2), sqrt(2)): subtracting the bits of sqrt(1/2) puts the cut there.
  const int32_t bits_of_root_half = 0x3f3504f3;
  vi offset = vi_sub(vi_from_bits(scaled), vi_set1(bits_of_root_half));
  vf e = vf_add(vf_from_vi(vi_shr_signed(offset, 23)), correction);
  vf m = vf_from_bits(vi_add(vi_and(offset, vi_set1(0x007fffff)), vi_set1(bits_of_root_half)));
  // log(1 + f) = f - f^2/2 + f^3 p(f), coefficients of Cephes' logf.
  vf f = vf_sub(m, vf_set1(1.0f)), square = vf_mul(f, f);
  vf p = vf_set1(7.0376836292e-2f);
  p = vf_fma(p, f, vf_set1(-1.1514610310e-1f));
  p = vf_fma(p, f, vf_set1(1.1676998740e-1f));
  p = vf_fma(p, f, vf_set1(-1.2420140846e-1f));
  p = vf_fma(p, f, vf_set1(1.4249322787e-1f));
  p = vf_fma(p, f, vf_set1(-1.6668057665e-1f));
  p = vf_fma(p, f, vf_set1(2.0000714765e-1f));
  p = vf_fma(p, f, vf_set1(-2.4999993993e-1f));
  p = vf_fma(p, f, vf_set1(3.3333331174e-1f));
  // The small terms first: ln 2 in two pieces, as in vf_exp.
  vf y = vf_fma(e, vf_set1(-2.12194440e-4f), vf_mul(vf_mul(p, f), square));
  y = vf_fnma(vf_set1(0.5f), square, y);
  vf result = vf_fma(e, vf_set1(0x1.63p-1f), vf_add(f, y));
  // Outside (0, infinity): x + x keeps infinity and NaN, (x - x) / 0 is NaN.
  vf special = vf_select(vf_less(x, vf_zero()), vf_set1(__builtin_nanf("")), vf_add(x, x));
  special = vf_select(vf_equal(x, vf_zero()), vf_set1(-__builtin_inff()), special);
  vm ordinary_low = vf_less(vf_zero(), x), ordinary_high = vf_less(x, vf_set1(__builtin_inff()));
  return vf_select(ordinary_low, vf_select(ordinary_high, result, special), special);
}

/// 1 / (1 + exp(-x)) within 4 ULP. Only exp(-|x|) is formed: it neither overflows nor loses the left tail.
CK_INLINE vf vf_sigmoid(vf x) {
  vf e = vf_exp(vf_sub(vf_zero(), vf_abs(x)));
  vf numerator = vf_select(vf_less(x, vf_zero()), e, vf_set1(1.0f));
  return vf_div(numerator, vf_add(e, vf_set1(1.0f)));
}

/// tanh(x) within 8 ULP; a polynomial near zero, where 1 - exp(-2|x|) would cancel.
CK_INLINE vf vf_tanh(vf x) {
  vf magnitude = vf_abs(x), square = vf_mul(x, x);
  vf p = vf_set1(-5.70498872745e-3f);
  p = vf_fma(p, square, vf_set1(2.06390887954e-2f));
  p = vf_fma(p, square, vf_set1(-5.37397155531e-2f));
  p = vf_fma(p, square, vf_set1(1.33314422036e-1f));
  p = vf_fma(p, square, vf_set1(-3.33332819422e-1f));
  vf near = vf_fma(vf_mul(p, square), x, x);
  vf e = vf_exp(vf_mul(vf_set1(-2.0f), magnitude));
  vf far = vf_div(vf_sub(vf_set1(1.0f), e), vf_add(vf_set1(1.0f), e));
  // The sign of x for both: the polynomial alone would lose that of -0.
  return vf_copysign(vf_select(vf_less(magnitude, vf_set1(0.625f)), near, far), x);
}
