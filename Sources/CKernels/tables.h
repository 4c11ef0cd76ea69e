// The tables of all variants; one is defined in each variants/*.c.
#ifndef CK_TABLES_H
#define CK_TABLES_H

#include "ckernels.h"

/// A word of a vocabulary, or a part of a body that is inlined whatever its size.
#define CK_INLINE static inline __attribute__((always_inline))

/// NULL where the variant is for another architecture.
#define CK_TABLE_OF(CASE, NAME) extern const CKKernels *const ck_table_##NAME;
CK_EACH_VARIANT(CK_TABLE_OF)

#endif
