// What owns a fixture outside of a test: ends what was started, the last first.

export class Owner {
  #ends = [];

  after(end) {
    this.#ends.push(end);
  }

  // Throws the first error of those that did not end well, when all were told to.
  async end() {
    const errors = [];
    while (this.#ends.length > 0) {
      await Promise.resolve()
        .then(this.#ends.pop())
        .catch((error) => errors.push(error));
    }
    if (errors.length > 0) throw errors[0];
  }
}
