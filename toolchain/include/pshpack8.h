/* Structs that follow are packed to 8 bytes, until poppack.h. No include guard: it is included again and again. */
#ifndef PYNDIS_PARSE
#pragma pack(push, 8)
#endif
