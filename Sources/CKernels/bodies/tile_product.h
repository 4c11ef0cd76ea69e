// The small matrix product attention is made of: C (=, +=) A B with C in register tiles (tile.h) and B's rows read
// where they are. Every element is one chain of fused products over p = 0, 1, ..., starting from zero or from C: its
// bits do not depend on how a product is cut in p.

CK_INLINE void matrix_tile(float *c, size_t c_stride, const float *a, size_t a_row_stride, size_t a_column_stride,
                           const float *b, size_t b_stride, size_t depth, CKStore store, const size_t rows,
                           const size_t vectors, size_t tail) {
  CKSums sums;
  if (store == CKStoreStore)
    tile_zero(sums, rows, vectors);
  else
    tile_resume(sums, c, c_stride, rows, vectors, tail);
  for (size_t p = 0; p < depth; p++, a += a_column_stride, b += b_stride)
    tile_step(sums, a, a_row_stride, b, false, rows, vectors, tail);
  tile_finish(c, c_stride, sums, false, rows, vectors, tail);
}

/// `rows` rows (at most CK_WIDE_ROWS) of C: whole tiles, then single vectors, then the partial one.
CK_INLINE void row_tile(float *c, size_t c_stride, const float *a, size_t a_row_stride, size_t a_column_stride,
                        const float *b, size_t b_stride, size_t columns, size_t depth, CKStore store,
                        const size_t rows) {
  const size_t wide = CK_WIDE_VECTORS * VT_LANES;
  for (; columns >= wide; c += wide, b += wide, columns -= wide)
    matrix_tile(c, c_stride, a, a_row_stride, a_column_stride, b, b_stride, depth, store, rows, CK_WIDE_VECTORS,
                VT_LANES);
  for (; columns >= VT_LANES; c += VT_LANES, b += VT_LANES, columns -= VT_LANES)
    matrix_tile(c, c_stride, a, a_row_stride, a_column_stride, b, b_stride, depth, store, rows, 1, VT_LANES);
  if (columns) matrix_tile(c, c_stride, a, a_row_stride, a_column_stride, b, b_stride, depth, store, rows, 1, columns);
}

/// C[rows, columns] (=, +=) A[rows, depth] B[depth, columns], A(r, p) = a[r * a_row_stride + p * a_column_stride].
static void tile_product(float *c, size_t c_stride, const float *a, size_t a_row_stride, size_t a_column_stride,
                         const float *b, size_t b_stride, size_t rows, size_t columns, size_t depth, CKStore store) {
  if (depth == 0 && store == CKStoreAdd) return;
  for (; rows >= CK_WIDE_ROWS; rows -= CK_WIDE_ROWS, c += CK_WIDE_ROWS * c_stride, a += CK_WIDE_ROWS * a_row_stride)
    row_tile(c, c_stride, a, a_row_stride, a_column_stride, b, b_stride, columns, depth, store, CK_WIDE_ROWS);
  switch (rows) {
#define CK_CASE(n)                                                                                                     \
  case n:                                                                                                              \
    row_tile(c, c_stride, a, a_row_stride, a_column_stride, b, b_stride, columns, depth, store, n);                    \
    break;
    CK_CASE(1)
    CK_CASE(2)
    CK_CASE(3)
#if CK_WIDE_ROWS > 4
    CK_CASE(4)
    CK_CASE(5)
#endif
#undef CK_CASE
  }
}
