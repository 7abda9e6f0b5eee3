import { randomBytes } from "node:crypto";
import { IDL } from "@dfinity/candid";
import { Principal } from "@dfinity/principal";
import * as contentIndex from "@kiln/client/bindings/content_index";
import type { BenchNetwork } from "./bench-network.ts";

/** Messages that are under way together: many share a round, whose cost is the same for one. */
const together = 250;

/** Enters that many videos, past HTTP and signatures, which would take most of the time. */
export async function fillIndex({ replica, agent, canisters }: BenchNetwork, videos: number): Promise<void> {
  const method = "upsert_video";
  const upsert = contentIndex.idlFactory({ IDL })._fields.find(([name]) => name === method)![1];
  const sender = (await agent.getPrincipal()).toUint8Array();
  const canisterId = Principal.fromText(canisters.content_index).toUint8Array();
  const enter = async (number: number) => {
    const arg = IDL.encode(upsert.argTypes, [benchVideo(number)]);
    const result = await replica.update({ requestId: randomBytes(32), sender, canisterId, method, arg });
    if (result.status === "rejected") throw new Error(result.message);
  };
  for (let first = 0; first < videos; first += together) {
    const count = Math.min(together, videos - first);
    await Promise.all(Array.from({ length: count }, (_, place) => enter(first + place)));
  }
}

export const videoId = (number: number) => `bench-${number}`;

export const benchVideo = (number: number): contentIndex.VideoInput => ({
  id: videoId(number),
  attempt: 1n,
  owner: Principal.anonymous(),
  title: `Video ${number}`,
  storage: Principal.managementCanister(),
  player: `/v/${videoId(number)}/index.html`,
  hls: `/v/${videoId(number)}/master.m3u8`,
  dash: `/v/${videoId(number)}/manifest.mpd`,
  poster: `/v/${videoId(number)}/posters/720.jpg`,
  manifest_sha256: new Uint8Array(32),
  duration_ms: 15_000n,
  width: 1080,
  height: 1920,
  bytes: 20_000_000n,
  renditions: ["1080p", "720p", "480p", "360p", "240p"].map((name) => ({
    name,
    width: 1080,
    height: 1920,
    bandwidth: 5_000_000n,
    codecs: "avc1.640028,mp4a.40.2",
    bytes: 4_000_000n,
  })),
  status: { ReadyToView: null },
});
