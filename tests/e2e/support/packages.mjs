// Packages of this folder's lock file, for tests that stand elsewhere.

export { default as nodeDataChannel } from "node-datachannel";
