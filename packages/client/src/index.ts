/**
 * The client for pages: everything here runs in a browser. Start with `connectClient`: without signing in it
 * reads feeds and media; after signing in it can also call user canisters.
 */

export { type Client, connectClient, type Network } from "./connect-client.ts";
export type { AuthoredVideo, Feed, FeedClient, FeedFilter, FeedOptions } from "./feed-client.ts";
export type { IndexedVideo } from "./indexed-video.ts";
export { type Media, openMedia } from "./media.ts";
export type { Profile } from "./profile.ts";
export { resumeSession, type Session, type SignInOptions, signIn } from "./sign-in.ts";
export { signInLocally } from "./sign-in-locally.ts";
export type { NewPost, Post, PostRef, UserClient, Watched } from "./user-client.ts";
export type { Users } from "./users.ts";
