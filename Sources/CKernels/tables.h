// The tables of all variants; one is defined in each variants/*.c.
#ifndef CK_TABLES_H
#define CK_TABLES_H

#include "ckernels.h"

extern const CKKernels ck_table_scalar;
extern const CKKernels ck_table_avx2;
extern const CKKernels ck_table_avx512;
extern const CKKernels ck_table_avx512bf16;
extern const CKKernels ck_table_neon;

#endif
