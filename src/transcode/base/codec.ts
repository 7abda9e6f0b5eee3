/** What a rendition can be encoded with; H.264 first, which every screen plays. */
export const codecs = ["h264", "hevc", "av1"] as const;
export type Codec = (typeof codecs)[number];

/**
 * A codec string as Kiln's files store the codec: HEVC's parameter sets are in the init segment alone, which the box
 * and the string `hvc1` declare, and Apple's players require.
 * @source ISO/IEC 14496-15, 8.4.1; Apple HLS Authoring Specification, 1.10
 */
export const codecString = (codec: string): string => codec.replace(/^hev1/, "hvc1");
