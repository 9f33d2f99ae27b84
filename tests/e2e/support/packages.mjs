// Packages of this folder's lock file, for tests that stand elsewhere.

export { build as bundle } from "esbuild";
export { default as nodeDataChannel } from "node-datachannel";
export { WebSocket } from "ws";
