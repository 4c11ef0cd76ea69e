// Products with weights read from their stored blocks (stored_run.h), for the few rows of a decoding step and for
// prompts: a run of 32 columns is unpacked into a strip that stays in the first-level cache and multiplied with every
// row of A; one row is multiplied where the columns are unpacked, without the strip.
//
// The sum of an element of C is gemm.h's, product by product: one chain for each CK_GEMM_BLOCK columns, which is then
// added to C. Chains wait in memory from one run to the next.

/// Rows of A for one unpacking of W.
enum { CK_STORED_ROWS = 72 };

/// The rows of W that are read side by side: CK_RUN_WIDTH pointers, the last one repeated where there are fewer rows,
/// and copies with zeros behind them of what a row of a plain format has beyond its last whole run.
typedef struct CKStoredRows {
  const uint8_t *rows[CK_RUN_WIDTH], *tails[CK_RUN_WIDTH];
  uint8_t bytes[CK_RUN_WIDTH][4 * CK_RUN];
  /// What is read after these, of which `next_step` bytes are fetched at every run: so many streams side by side are
  /// too many for the CPU to see where they go.
  const uint8_t *next;
  size_t next_step;
} CKStoredRows;

static void find_stored_rows(CKStoredRows *found, const uint8_t *stored, size_t row_bytes, size_t n, size_t k,
                             CKFormat format) {
  const CKBlockSize block = ck_block_size(format);
  const size_t size = block.bytes, tail = block.weights == 1 ? k % CK_RUN * size : 0;
  for (size_t j = 0; j < CK_RUN_WIDTH; j++) {
    found->rows[j] = stored + row_bytes * (j < n ? j : n - 1);
    if (tail == 0) continue;
    __builtin_memcpy(found->bytes[j], found->rows[j] + row_bytes - tail, tail);
    __builtin_memset(found->bytes[j] + tail, 0, CK_RUN * size - tail);
    found->tails[j] = found->bytes[j];
  }
  found->next = stored + row_bytes * CK_RUN_WIDTH;
  found->next_step = n < 2 * CK_RUN_WIDTH ? 0 : row_bytes * CK_RUN_WIDTH / ceiling(k, CK_RUN);
}

CK_INLINE void stored_prefetch(const CKStoredRows *from, size_t run) {
  const uint8_t *next = from->next + run * from->next_step;
  for (size_t i = 0; i < from->next_step; i += 64) __builtin_prefetch(next + i, 0, 2);
}

/// Where the sums of the rows go.
typedef struct CKStoredTarget {
  float *c;
  size_t stride;
  const uint32_t *order; ///< column of C for each of them, or NULL: one after the other
  size_t columns;
  bool add;
} CKStoredTarget;

static CKStoredTarget stored_target(float *c, size_t c_stride, const uint32_t *order, size_t j, size_t n,
                                    CKStore store) {
  return (CKStoredTarget){.c = order ? c : c + j,
                          .stride = c_stride,
                          .order = order ? order + j : NULL,
                          .columns = smaller(n - j, CK_RUN_WIDTH),
                          .add = store == CKStoreAdd};
}

/// Adds the chains [rows, CK_RUN_WIDTH] of a block to C, or stores those of the first.
static void stored_finish(const CKStoredTarget *to, const float *chain, size_t rows, bool first) {
  for (size_t i = 0; i < rows; i++)
    for (size_t j = 0; j < to->columns; j++) {
      float sum = chain[i * CK_RUN_WIDTH + j], *out = to->c + i * to->stride + (to->order ? to->order[j] : j);
      *out = to->add || !first ? *out + sum : sum;
    }
}

// MARK: One row

CK_INLINE void stored_row(const CKStoredTarget *to, const float *a, const CKStoredRows *from, size_t k,
                          const CKFormat format) {
  CKRunScales scales;
  float chain[CK_RUN_WIDTH], strip[CK_RUN * CK_RUN_WIDTH] __attribute__((aligned(64)));
  for (size_t p = 0; p < k; p += CK_GEMM_BLOCK) {
    const size_t end = smaller(k, p + CK_GEMM_BLOCK);
    vf sums[CK_RUN_GROUPS];
    CK_EACH_GROUP sums[g] = vf_zero();
    size_t q = p;
    for (; q + CK_RUN <= end; q += CK_RUN) {
      CKRunSink sink = {NULL, sums, a + q};
      stored_prefetch(from, q / CK_RUN);
      run_unpack(&sink, &scales, from->rows, q / CK_RUN, format);
    }
    if (q < end) {
      CKRunSink sink = {strip, NULL, NULL};
      run_unpack(&sink, &scales, from->tails, 0, format);
      for (size_t i = 0; i < end - q; i++)
        CK_EACH_GROUP sums[g] = vf_fma(vf_set1(a[q + i]), vf_load(strip + i * CK_RUN_WIDTH + g * VF_LANES), sums[g]);
    }
    CK_EACH_GROUP vf_store(chain + g * VF_LANES, sums[g]);
    stored_finish(to, chain, 1, p == 0);
  }
}

typedef void CKStoredRow(const CKStoredTarget *to, const float *a, const CKStoredRows *from, size_t k);

#define CK_STORED_ROW(NAME, LENGTH, BYTES)                                                                             \
  static void stored_row_##NAME(const CKStoredTarget *to, const float *a, const CKStoredRows *from, size_t k) {        \
    stored_row(to, a, from, k, CKFormat##NAME);                                                                        \
  }
#define CK_STORED_ROW_ENTRY(NAME, LENGTH, BYTES) [CKFormat##NAME] = stored_row_##NAME,
CK_EACH_FORMAT(CK_STORED_ROW)
static CKStoredRow *const stored_row_of[] = {CK_EACH_FORMAT(CK_STORED_ROW_ENTRY)};

// MARK: Several rows

typedef void CKStoredUnpack(float *strip, CKRunScales *scales, const uint8_t *const *rows, size_t run);

#define CK_STORED_UNPACK(NAME, LENGTH, BYTES)                                                                          \
  static void stored_unpack_##NAME(float *strip, CKRunScales *scales, const uint8_t *const *rows, size_t run) {        \
    CKRunSink sink = {strip, NULL, NULL};                                                                              \
    run_unpack(&sink, scales, rows, run, CKFormat##NAME);                                                              \
  }
#define CK_STORED_UNPACK_ENTRY(NAME, LENGTH, BYTES) [CKFormat##NAME] = stored_unpack_##NAME,
CK_EACH_FORMAT(CK_STORED_UNPACK)
static CKStoredUnpack *const stored_unpack_of[] = {CK_EACH_FORMAT(CK_STORED_UNPACK_ENTRY)};

/// `length` columns of the rows from column q on, a multiple of CK_RUN, as a strip.
static void stored_strip(float *strip, CKRunScales *scales, const CKStoredRows *from, size_t q, size_t length,
                         CKFormat format) {
  stored_prefetch(from, q / CK_RUN);
  if (length < CK_RUN)
    stored_unpack_of[format](strip, scales, from->tails, 0);
  else
    stored_unpack_of[format](strip, scales, from->rows, q / CK_RUN);
}

/// chain[i] += x[i] . strip for a register tile.
CK_INLINE void stored_tile(float *chain, const float *x, size_t x_stride, const float *strip, size_t words,
                           const bool pairs, const size_t rows, const size_t vectors) {
  CKSums sums;
  tile_resume(sums, chain, CK_RUN_WIDTH, rows, vectors, VT_LANES);
  for (size_t p = 0; p < words; p++)
    tile_step(sums, x + p, x_stride, strip + p * CK_RUN_WIDTH, pairs, rows, vectors, VT_LANES);
  tile_finish(chain, CK_RUN_WIDTH, sums, false, rows, vectors, VT_LANES);
}

typedef void CKStoredTile(float *chain, const float *x, size_t x_stride, const float *strip, size_t length);

// Tiles of a panel's width. One or two rows would have too few sums to hide the latency of a fused product: theirs are
// as wide as the strip.
#define CK_STORED_TILE(ROWS)                                                                                           \
  static void stored_tile_##ROWS(float *chain, const float *x, size_t x_stride, const float *strip, size_t length) {   \
    stored_tile(chain, x, x_stride, strip, length, false, ROWS, ROWS <= 2 ? CK_STORED_VECTORS : CK_TILE_VECTORS);      \
  }
#define CK_STORED_TILE_ENTRY(ROWS) [ROWS] = stored_tile_##ROWS,
CK_EACH_ROWS(CK_STORED_TILE)
static CKStoredTile *const stored_tile_of[CK_TILE_ROWS + 1] = {CK_EACH_ROWS(CK_STORED_TILE_ENTRY)};

static void stored_tiles(float *chain, const float *x, size_t x_stride, const float *strip, size_t length,
                         size_t rows) {
  const CKTiling tiling = tiling_of(rows);
  for (size_t t = 0; t < tiling.tiles; t++) {
    const size_t tile_rows = tiling.rows + (t < tiling.taller), width = tile_rows <= 2 ? CK_RUN_WIDTH : CK_PANEL_WIDTH;
    for (size_t j = 0; j < CK_RUN_WIDTH; j += width)
      stored_tile_of[tile_rows](chain + j, x, x_stride, strip + j, length);
    chain += tile_rows * CK_RUN_WIDTH;
    x += tile_rows * x_stride;
  }
}

static void stored_rows(const CKStoredTarget *to, const float *a, size_t a_stride, const CKStoredRows *from,
                        size_t rows, size_t k, CKFormat format) {
  float chain[CK_STORED_ROWS * CK_RUN_WIDTH] __attribute__((aligned(64)));
  float strip[CK_RUN * CK_RUN_WIDTH] __attribute__((aligned(64)));
  CKRunScales scales;
  for (size_t p = 0; p < k; p += CK_GEMM_BLOCK) {
    const size_t end = smaller(k, p + CK_GEMM_BLOCK);
    __builtin_memset(chain, 0, rows * CK_RUN_WIDTH * sizeof *chain);
    for (size_t q = p; q < end; q += CK_RUN) {
      const size_t length = smaller(end - q, CK_RUN);
      stored_strip(strip, &scales, from, q, length, format);
      stored_tiles(chain, a + q, a_stride, strip, length, rows);
    }
    stored_finish(to, chain, rows, p == 0);
  }
}

static void ck_gemm_stored_f32(float *c, size_t c_stride, const float *a, size_t a_stride, const void *stored,
                               size_t row_bytes, const uint32_t *order, size_t m, size_t n, size_t k, CKFormat format,
                               CKStore store) {
  if (k == 0 && store == CKStoreStore) store_zeros(c, c_stride, m, n);
  if (k == 0) return;
  CKStoredRows from;
  for (size_t i = 0; i < m; i += CK_STORED_ROWS)
    for (size_t j = 0; j < n; j += CK_RUN_WIDTH) {
      CKStoredTarget to = stored_target(c + i * c_stride, c_stride, order, j, n, store);
      const size_t rows = smaller(m - i, CK_STORED_ROWS);
      find_stored_rows(&from, (const uint8_t *)stored + row_bytes * j, row_bytes, n - j, k, format);
      if (rows == 1)
        stored_row_of[format](&to, a + i * a_stride, &from, k);
      else
        stored_rows(&to, a + i * a_stride, a_stride, &from, rows, k, format);
    }
}

// MARK: bf16

/// Words of a run of bf16 as tiles read them.
enum { CK_RUN_WORDS = CK_BF16_DOT ? CK_RUN / 2 : CK_RUN };

#if CK_BF16_DOT

/// `rows` rows of x and the strip [CK_RUN_WORDS][CK_RUN_WIDTH], both in pairs.
static void stored_pair_tiles(float *chain, const float *x, const float *strip, size_t rows) {
  for (; rows >= CK_WIDE_ROWS;
       rows -= CK_WIDE_ROWS, chain += CK_WIDE_ROWS * CK_RUN_WIDTH, x += CK_WIDE_ROWS * CK_RUN_WORDS)
    stored_tile(chain, x, CK_RUN_WORDS, strip, CK_RUN_WORDS, true, CK_WIDE_ROWS, CK_STORED_VECTORS);
  for (; rows; rows--, chain += CK_RUN_WIDTH, x += CK_RUN_WORDS)
    stored_tile(chain, x, CK_RUN_WORDS, strip, CK_RUN_WORDS, true, 1, CK_STORED_VECTORS);
}

#endif

static void stored_rows_bf16(const CKStoredTarget *to, const uint16_t *a, size_t a_stride, const CKStoredRows *from,
                             size_t rows, size_t k, CKFormat format) {
  float chain[CK_STORED_ROWS * CK_RUN_WIDTH] __attribute__((aligned(64))), x[CK_STORED_ROWS * CK_RUN_WORDS];
  float strip[CK_RUN * CK_RUN_WIDTH] __attribute__((aligned(64)));
  CKRunScales scales;
  for (size_t p = 0; p < k; p += CK_GEMM_BLOCK) {
    const size_t end = smaller(k, p + CK_GEMM_BLOCK);
    __builtin_memset(chain, 0, rows * CK_RUN_WIDTH * sizeof *chain);
    for (size_t q = p; q < end; q += CK_RUN) {
      const size_t length = smaller(end - q, CK_RUN);
      stored_strip(strip, &scales, from, q, length, format);
      if (length < CK_RUN) __builtin_memset(x, 0, sizeof x);
      copy_rows_bf16(x, CK_RUN_WORDS, a + q, a_stride, rows, length);
#if CK_BF16_DOT
      float pairs[CK_RUN_WORDS * CK_RUN_WIDTH] __attribute__((aligned(64)));
      for (size_t i = 0; i < CK_RUN; i += 2)
        for (size_t j = 0; j < CK_RUN_WIDTH; j++)
          ((ck_word *)pairs)[i / 2 * CK_RUN_WIDTH + j] =
              ck_bf16_pair(strip[i * CK_RUN_WIDTH + j], strip[(i + 1) * CK_RUN_WIDTH + j]);
      stored_pair_tiles(chain, x, pairs, rows);
#else
      for (size_t i = 0; i < CK_RUN * CK_RUN_WIDTH; i++) strip[i] = f32_from_bf16(ck_bf16(strip[i]));
      stored_tiles(chain, x, CK_RUN, strip, length, rows);
#endif
    }
    stored_finish(to, chain, rows, p == 0);
  }
}

static void ck_gemm_stored_bf16_f32(float *c, size_t c_stride, const uint16_t *a, size_t a_stride, const void *stored,
                                    size_t row_bytes, const uint32_t *order, size_t m, size_t n, size_t k,
                                    CKFormat format, CKStore store) {
  if (k == 0 && store == CKStoreStore) store_zeros(c, c_stride, m, n);
  if (k == 0) return;
  CKStoredRows from;
  for (size_t i = 0; i < m; i += CK_STORED_ROWS)
    for (size_t j = 0; j < n; j += CK_RUN_WIDTH) {
      CKStoredTarget to = stored_target(c + i * c_stride, c_stride, order, j, n, store);
      find_stored_rows(&from, (const uint8_t *)stored + row_bytes * j, row_bytes, n - j, k, format);
      stored_rows_bf16(&to, a + i * a_stride, a_stride, &from, smaller(m - i, CK_STORED_ROWS), k, format);
    }
}
