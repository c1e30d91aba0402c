/* Ends what a pshpack*.h began. No include guard: it is included again and again. */
#ifndef PYNDIS_PARSE
#pragma pack(pop)
#endif
