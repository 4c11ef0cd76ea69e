// The register tile that every matrix product is made of: `rows` x `vectors` sums, constants at every call, that stay
// in registers while p runs over the products. Packed panels (gemm.h), strips of stored weights (gemm_stored.h) and
// plain matrices (tile_product.h) instantiate it.
//
// The sum of an element is one chain of fused products in the order of p, in every tile whatever its rows and vectors:
// its bits do not depend on the tile it falls into.
//
// Sizes, in simd/tiles_X.h:
//   CK_TILE_ROWS, CK_TILE_VECTORS   the largest tile of panels, a panel being CK_TILE_VECTORS wide
//   CK_EACH_ROWS(X)                 X(rows) for every number of rows of a tile of panels
//   CK_EACH_VECTORS(X, ROWS)        X(ROWS, vectors) for every number of its vectors
//   CK_WIDE_ROWS, CK_WIDE_VECTORS   the largest tile of other matrices
//   CK_GEMM_BLOCK                   products summed in registers before C is touched; even, a multiple of CK_RUN
//   CK_GEMM_BLOCK_ROWS              rows of A for one pass over B; the stack holds (BLOCK_ROWS + panel width) * BLOCK
//                                   floats, which is kept under 256 KB
//   CK_RUN_GROUPS                   vectors of stored rows unpacked side by side: enough independent sums to hide the
//                                   latency of a fused product
//
// CK_BF16_DOT is 1 where the vocabulary has vf_dot. A pair of bf16 is then a word like a float32: the tile is the same
// over half as many words.

#ifndef CK_BF16_DOT
#define CK_BF16_DOT 0
#endif

#ifndef VT_LANES
#define VT_LANES VF_LANES
typedef vf vt;
#define vt_zero vf_zero
#define vt_set1 vf_set1
#define vt_load vf_load
#define vt_load_partial vf_load_partial
#define vt_store vf_store
#define vt_store_partial vf_store_partial
#define vt_add vf_add
#define vt_fma vf_fma
#endif

#if CK_BF16_DOT
#define vt_dot vf_dot
#else
#define vt_dot(a, b, c) (c)
#endif

#define CK_UNROLL _Pragma("clang loop unroll(full)")

CK_INLINE size_t smaller(size_t a, size_t b) { return a < b ? a : b; }
CK_INLINE size_t larger(size_t a, size_t b) { return a > b ? a : b; }
CK_INLINE size_t ceiling(size_t a, size_t b) { return (a + b - 1) / b; }

enum {
  CK_PANEL_WIDTH = VT_LANES * CK_TILE_VECTORS,
  CK_RUN_WIDTH = VF_LANES * CK_RUN_GROUPS,
  CK_STORED_VECTORS = CK_RUN_WIDTH / VT_LANES,
  CK_MOST_ROWS = CK_TILE_ROWS > CK_WIDE_ROWS ? CK_TILE_ROWS : CK_WIDE_ROWS,
  CK_MOST_VECTORS = CK_STORED_VECTORS > CK_WIDE_VECTORS ? CK_STORED_VECTORS : CK_WIDE_VECTORS,
};
_Static_assert(CK_RUN_WIDTH % CK_PANEL_WIDTH == 0, "a strip of stored weights is whole panels");

typedef vt CKSums[CK_MOST_ROWS][CK_MOST_VECTORS];

#define CK_EACH_SUM CK_UNROLL for (size_t i = 0; i < rows; i++) CK_UNROLL for (size_t v = 0; v < vectors; v++)

/// Vector v of a row at x; the row's last vector has `tail` lanes.
CK_INLINE vt tile_load(const float *x, size_t v, const size_t vectors, size_t tail) {
  x += v * VT_LANES;
  return v == vectors - 1 && tail < VT_LANES ? vt_load_partial(x, tail) : vt_load(x);
}

CK_INLINE void tile_zero(CKSums sums, const size_t rows, const size_t vectors) { CK_EACH_SUM sums[i][v] = vt_zero(); }

/// The sums that lie in the rows at `from`.
CK_INLINE void tile_resume(CKSums sums, const float *from, size_t stride, const size_t rows, const size_t vectors,
                           size_t tail) {
  CK_EACH_SUM sums[i][v] = tile_load(from + i * stride, v, vectors, tail);
}

/// One step along p: sums += a . b, a the column a[i * a_stride] and b a row; with `pairs`, words are pairs of bf16.
CK_INLINE void tile_step(CKSums sums, const float *a, size_t a_stride, const float *b, const bool pairs,
                         const size_t rows, const size_t vectors, size_t tail) {
  vt columns[CK_MOST_VECTORS];
  CK_UNROLL for (size_t v = 0; v < vectors; v++) columns[v] = tile_load(b, v, vectors, tail);
  CK_UNROLL for (size_t i = 0; i < rows; i++) {
    const vt x = vt_set1(a[i * a_stride]);
    CK_UNROLL for (size_t v = 0; v < vectors; v++) sums[i][v] =
        pairs ? vt_dot(x, columns[v], sums[i][v]) : vt_fma(x, columns[v], sums[i][v]);
  }
}

/// Stores the sums in the rows at `to`, or adds them to what is there.
CK_INLINE void tile_finish(float *to, size_t stride, CKSums sums, bool add, const size_t rows, const size_t vectors,
                           size_t tail) {
  CK_EACH_SUM {
    float *out = to + i * stride + v * VT_LANES;
    const bool partial = v == vectors - 1 && tail < VT_LANES;
    vt sum = sums[i][v];
    if (add) sum = vt_add(tile_load(to + i * stride, v, vectors, tail), sum);
    if (partial)
      vt_store_partial(out, sum, tail);
    else
      vt_store(out, sum);
  }
}
