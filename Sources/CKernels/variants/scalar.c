// Never in its code: %([yz]mm|k[0-7])
#include "../tables.h"

#pragma clang fp contract(off)

#include "../simd/scalar.h"
#include "../simd/tiles_scalar.h"

#define CK_VARIANT CKVariantScalar
#define CK_TABLE ck_table_scalar
#include "../bodies/all.h"
