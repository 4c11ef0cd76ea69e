// The two loops for one vector width; included once for each instruction set, inside its target region. LANES, SUMS
// (accumulators: latency times units, and no more than fit the registers beside two operands) and NAME come from there.
typedef float NAME(vector) __attribute__((vector_size(LANES * 4), aligned(4)));

static double NAME(fma)(size_t passes, float *sink) {
#pragma clang fp contract(fast)
  NAME(vector) sums[SUMS], factor, term;
  // Not known to the compiler, and such that the sums stay finite: x -> 0.5 x + 1.
  volatile float half = 0.5f, one = 1;
  for (int lane = 0; lane < LANES; lane++) {
    factor[lane] = half;
    term[lane] = one;
  }
#pragma clang loop unroll(full)
  for (int i = 0; i < SUMS; i++) sums[i] = term * (float)i;
  for (size_t pass = 0; pass < passes; pass++) {
#pragma clang loop unroll(full)
    for (int i = 0; i < SUMS; i++) sums[i] = sums[i] * factor + term;
    // Keeps every sum in a register, and this pass apart from the next.
#pragma clang loop unroll(full)
    for (int i = 0; i < SUMS; i++) __asm__ volatile("" : "+" REGISTER(sums[i]));
  }
  NAME(vector) total = sums[0];
#pragma clang loop unroll(full)
  for (int i = 1; i < SUMS; i++) total += sums[i];
  *sink = 0;
  for (int lane = 0; lane < LANES; lane++) *sink += total[lane];
  return 2.0 * LANES * SUMS * (double)passes;
}

static void NAME(read)(const float *x, size_t count, float *sink) {
  NAME(vector) sums[8] = {0};
  size_t i = 0;
  for (; i + 8 * LANES <= count; i += 8 * LANES) {
#pragma clang loop unroll(full)
    for (size_t part = 0; part < 8; part++) sums[part] += *(const NAME(vector) *)(x + i + part * LANES);
  }
  *sink = 0;
  for (int part = 0; part < 8; part++)
    for (int lane = 0; lane < LANES; lane++) *sink += sums[part][lane];
  for (; i < count; i++) *sink += x[i];
}

#undef NAME
#undef LANES
#undef SUMS
#undef REGISTER
