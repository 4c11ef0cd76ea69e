// The tables of all variants; one is defined in each variants/*.c.
#ifndef CK_TABLES_H
#define CK_TABLES_H

#include "ckernels.h"

/// A word of a vocabulary, or a part of a body that is inlined whatever its size.
#define CK_INLINE static inline __attribute__((always_inline))

extern const CKKernels ck_table_scalar;
extern const CKKernels ck_table_avx2;
extern const CKKernels ck_table_avx512;
extern const CKKernels ck_table_avx512bf16;
extern const CKKernels ck_table_neon;

#endif
