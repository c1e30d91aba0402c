/* NET_BUFFERs and NET_BUFFER_LISTs: their fields by the names that drivers use. */
#pragma once

#define NET_BUFFER_NEXT_NB(nb) ((nb)->Next)
#define NET_BUFFER_FIRST_MDL(nb) ((nb)->MdlChain)
#define NET_BUFFER_DATA_LENGTH(nb) ((nb)->DataLength)
#define NET_BUFFER_DATA_OFFSET(nb) ((nb)->DataOffset)
#define NET_BUFFER_CURRENT_MDL(nb) ((nb)->CurrentMdl)
#define NET_BUFFER_CURRENT_MDL_OFFSET(nb) ((nb)->CurrentMdlOffset)
#define NET_BUFFER_PROTOCOL_RESERVED(nb) ((nb)->ProtocolReserved)
#define NET_BUFFER_MINIPORT_RESERVED(nb) ((nb)->MiniportReserved)
#define NET_BUFFER_CHECKSUM_BIAS(nb) ((nb)->ChecksumBias)
#define NET_BUFFER_DATA_PHYSICAL_ADDRESS(nb) ((nb)->DataPhysicalAddress)
#define NET_BUFFER_FIRST_SHARED_MEM_INFO(nb) ((nb)->SharedMemoryInfo)
#define NET_BUFFER_SCATTER_GATHER_LIST(nb) ((nb)->ScatterGatherList)

#define NET_BUFFER_LIST_NEXT_NBL(nbl) ((nbl)->Next)
#define NET_BUFFER_LIST_FIRST_NB(nbl) ((nbl)->FirstNetBuffer)
#define NET_BUFFER_LIST_FLAGS(nbl) ((nbl)->Flags)
#define NET_BUFFER_LIST_NBL_FLAGS(nbl) ((nbl)->NblFlags)
#define NET_BUFFER_LIST_STATUS(nbl) ((nbl)->Status)
#define NET_BUFFER_LIST_PROTOCOL_RESERVED(nbl) ((nbl)->ProtocolReserved)
#define NET_BUFFER_LIST_MINIPORT_RESERVED(nbl) ((nbl)->MiniportReserved)
#define NET_BUFFER_LIST_CONTEXT_DATA_START(nbl) \
    ((PUCHAR)(((nbl)->Context) + 1) + (nbl)->Context->Offset)
#define NET_BUFFER_LIST_CONTEXT_DATA_SIZE(nbl) ((nbl)->Context->Size)
#define NET_BUFFER_LIST_INFO(nbl, id) ((nbl)->NetBufferListInfo[(id)])

#define NdisSetNblFlag(nbl, flag) ((nbl)->NblFlags |= (flag))
#define NdisClearNblFlag(nbl, flag) ((nbl)->NblFlags &= ~(flag))
#define NdisTestNblFlag(nbl, flag) (((nbl)->NblFlags & (flag)) != 0)
#define NdisTestNblFlags(nbl, flags) (((nbl)->NblFlags & (flags)) == (flags))
#define NBL_SET_FLAG(nbl, flag) ((nbl)->Flags |= (flag))
#define NBL_CLEAR_FLAG(nbl, flag) ((nbl)->Flags &= ~(flag))
#define NBL_TEST_FLAG(nbl, flag) (((nbl)->Flags & (flag)) != 0)

#define NDIS_SET_NET_BUFFER_LIST_CANCEL_ID(nbl, id) (NET_BUFFER_LIST_INFO(nbl, NetBufferListCancelId) = (id))
#define NDIS_GET_NET_BUFFER_LIST_CANCEL_ID(nbl) (NET_BUFFER_LIST_INFO(nbl, NetBufferListCancelId))
#define NDIS_GET_NET_BUFFER_LIST_VLAN_ID(nbl) \
    (((NDIS_NET_BUFFER_LIST_8021Q_INFO *)&NET_BUFFER_LIST_INFO(nbl, Ieee8021QNetBufferListInfo))->TagHeader.VlanId)
#define NET_BUFFER_LIST_GET_HASH_VALUE(nbl) (PtrToUlong(NET_BUFFER_LIST_INFO(nbl, NetBufferListHashValue)))
#define NET_BUFFER_LIST_SET_HASH_VALUE(nbl, value) \
    (NET_BUFFER_LIST_INFO(nbl, NetBufferListHashValue) = UlongToPtr(value))
#define NdisSetNetBufferListProtocolId(nbl, protocol) \
    (*((PUCHAR)&NET_BUFFER_LIST_INFO(nbl, NetBufferListProtocolId)) = (protocol))

/* Flags of sends, receives, returns and completions. */
#define NDIS_SET_SEND_FLAG(flags, flag) ((flags) |= (flag))
#define NDIS_TEST_SEND_FLAG(flags, flag) (((flags) & (flag)) != 0)
#define NDIS_CLEAR_SEND_FLAG(flags, flag) ((flags) &= ~(flag))
#define NDIS_TEST_SEND_AT_DISPATCH_LEVEL(flags) NDIS_TEST_SEND_FLAG(flags, NDIS_SEND_FLAGS_DISPATCH_LEVEL)
#define NDIS_SET_SEND_COMPLETE_FLAG(flags, flag) ((flags) |= (flag))
#define NDIS_TEST_SEND_COMPLETE_FLAG(flags, flag) (((flags) & (flag)) != 0)
#define NDIS_TEST_SEND_COMPLETE_AT_DISPATCH_LEVEL(flags) \
    NDIS_TEST_SEND_COMPLETE_FLAG(flags, NDIS_SEND_COMPLETE_FLAGS_DISPATCH_LEVEL)
#define NDIS_SET_RECEIVE_FLAG(flags, flag) ((flags) |= (flag))
#define NDIS_TEST_RECEIVE_FLAG(flags, flag) (((flags) & (flag)) != 0)
#define NDIS_TEST_RECEIVE_AT_DISPATCH_LEVEL(flags) NDIS_TEST_RECEIVE_FLAG(flags, NDIS_RECEIVE_FLAGS_DISPATCH_LEVEL)
#define NDIS_TEST_RECEIVE_CANNOT_PEND(flags) NDIS_TEST_RECEIVE_FLAG(flags, NDIS_RECEIVE_FLAGS_RESOURCES)
#define NDIS_TEST_RECEIVE_CAN_PEND(flags) (((flags) & NDIS_RECEIVE_FLAGS_RESOURCES) == 0)
#define NDIS_SET_RETURN_FLAG(flags, flag) ((flags) |= (flag))
#define NDIS_TEST_RETURN_FLAG(flags, flag) (((flags) & (flag)) != 0)
#define NDIS_TEST_RETURN_AT_DISPATCH_LEVEL(flags) NDIS_TEST_RETURN_FLAG(flags, NDIS_RETURN_FLAGS_DISPATCH_LEVEL)
#define NDIS_STATUS_INDICATION_SET_FLAG(indication, flag) ((indication)->Flags |= (flag))
#define NDIS_STATUS_INDICATION_TEST_FLAG(indication, flag) (((indication)->Flags & (flag)) != 0)

/* MDLs under NDIS's names. */
#define NDIS_MDL_LINKAGE(mdl) ((mdl)->Next)
#define NDIS_MDL_TO_SPAN_PAGES(mdl) \
    (MmGetMdlByteCount(mdl) == 0 ? 1 : ADDRESS_AND_SIZE_TO_SPAN_PAGES(MmGetMdlVirtualAddress(mdl), MmGetMdlByteCount(mdl)))
#define NdisGetNextMdl(current, next) (*(next) = (current)->Next)
#define NdisQueryMdl(mdl, address, length, priority) \
    do { \
        if ((address) != NULL) { \
            *(PVOID *)(address) = MmGetSystemAddressForMdlSafe(mdl, priority); \
        } \
        *(length) = MmGetMdlByteCount(mdl); \
    } while (0)
#define NdisQueryMdlOffset(mdl, offset, length) \
    do { \
        *(offset) = MmGetMdlByteOffset(mdl); \
        *(length) = MmGetMdlByteCount(mdl); \
    } while (0)
#define NdisAdjustMdlLength(mdl, length) (((mdl)->ByteCount) = (length))
