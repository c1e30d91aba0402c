typedef int NDIS_STATUS;
typedef struct _NET_BUFFER_LIST NET_BUFFER_LIST;
