/**
 * A codec string as our files store the codec: HEVC's parameter sets stand in the init segment alone, which
 * the box and the string `hvc1` say, and Apple's players require.
 * @source ISO/IEC 14496-15, 8.4.1; Apple HLS Authoring Specification, 1.10
 */
export const codecString = (codec: string): string => codec.replace(/^hev1/, "hvc1");
