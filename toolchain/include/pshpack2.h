/* Structs that follow are packed to 2 bytes, until poppack.h. No include guard: it is included again and again. */
#ifndef PYNDIS_PARSE
#pragma pack(push, 2)
#endif
