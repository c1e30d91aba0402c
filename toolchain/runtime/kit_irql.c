/* The kit's headers read the IRQL of x64 with this intrinsic. An image asks the kernel instead: no privileged instruction. */
__declspec(dllimport) unsigned char KeGetCurrentIrql(void);

unsigned long long
__readcr8(void)
{
    return KeGetCurrentIrql();
}
