// Parley over RabbitMQ: commands that are answered, and events. docs/asyncapi.yaml has them all.

import amqp from "amqplib";
import { randomUUID } from "node:crypto";
import { EventEmitter } from "node:events";

const COMMANDS = "parley.commands";
const EVENTS = "parley.events";
const PATIENCE_MS = 10_000;
const RETRY_MS = 500;

// Emits `event` for each event that it hears, `up` and `down` as the broker comes and goes.
export class Parley extends EventEmitter {
  #url;
  #channel;
  #waiting = new Map(); // correlation id -> {resolve, reject, timer}
  #closed = false;
  #connection;

  constructor(url) {
    super();
    this.#url = url;
  }

  // Connects, and again whenever the connection is lost.
  async start() {
    let said;
    while (!this.#closed) {
      try {
        await this.#connect();
        return;
      } catch (error) {
        if (error.message !== said) this.emit("down", error.message);
        said = error.message;
        await new Promise((resolve) => setTimeout(resolve, RETRY_MS));
      }
    }
  }

  async #connect() {
    const connection = await amqp.connect(this.#url, { heartbeat: 5 });
    connection.on("error", () => {}); // "close" follows
    connection.on("close", () => this.#onClose());
    const channel = await connection.createChannel();
    channel.on("error", () => {});
    await channel.consume("amq.rabbitmq.reply-to", (m) => this.#onAnswer(m), { noAck: true });
    // Whoever comes first declares an exchange; everybody in the same way.
    await channel.assertExchange(EVENTS, "topic", { durable: true });
    const { queue } = await channel.assertQueue("", { exclusive: true });
    await channel.bindQueue(queue, EVENTS, "#");
    await channel.consume(queue, (m) => m && this.#onEvent(m), { noAck: true });
    this.#connection = connection;
    this.#channel = channel;
    this.emit("up");
  }

  // Sends a command and gives the data of its answer. Each is safe to repeat, so what was not
  // answered may be asked again. Fails with the `code` and the reason of a refusal. `traceparent`:
  // the W3C Trace Context that it is asked in, by which it is found in all logs.
  ask(command, { traceparent } = {}) {
    if (!this.#channel) return Promise.reject(new Refusal(503, "the broker is away"));
    const correlationId = randomUUID();
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => {
        this.#waiting.delete(correlationId);
        reject(new Refusal(504, `${command.type} was not answered`));
      }, PATIENCE_MS);
      this.#waiting.set(correlationId, { resolve, reject, timer });
      const body = Buffer.from(JSON.stringify(command));
      this.#channel.publish(COMMANDS, "rooms", body, {
        contentType: "application/json",
        correlationId,
        deliveryMode: 2,
        headers: traceparent ? { traceparent } : {},
        replyTo: "amq.rabbitmq.reply-to",
      });
    });
  }

  #onAnswer(message) {
    if (!message) return;
    const waiting = this.#waiting.get(message.properties.correlationId);
    if (!waiting) return;
    this.#waiting.delete(message.properties.correlationId);
    clearTimeout(waiting.timer);
    const answer = JSON.parse(message.content);
    if (answer.ok) waiting.resolve(answer.data);
    else waiting.reject(new Refusal(answer.error.code, answer.error.reason));
  }

  #onEvent(message) {
    this.emit("event", JSON.parse(message.content));
  }

  #onClose() {
    this.#channel = undefined;
    for (const { reject, timer } of this.#waiting.values()) {
      clearTimeout(timer);
      reject(new Refusal(503, "the broker went away"));
    }
    this.#waiting.clear();
    if (this.#closed) return;
    this.emit("down", "the connection was lost");
    void this.start();
  }

  async close() {
    this.#closed = true;
    await this.#connection?.close().catch(() => {});
  }
}

export class Refusal extends Error {
  constructor(code, reason) {
    super(reason);
    this.code = code;
  }
}
