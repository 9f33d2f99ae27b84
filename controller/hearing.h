#pragma once

#include "controller/house.h"

// Who hears whom: every voice of a room goes to everyone else in it who can and may hear it. Each
// function may be called at any time and does what is still missing.
namespace parley::controller {

void hear_all(Turn& turn, Room& room, Member& listener);  // the others' voices, or the loudest
void be_heard(Turn& turn, Room& room, Member& speaker);   // by all the others

// The voice comes out of a pipe in this worker from now on: to all who wait for it there.
void consume_arrived(Turn& turn, const Room& room, const Producer& producer, WorkerIndex in);
// It does not, or no longer: those who heard it there are told.
void stop_hearing(Turn& turn, Room& room, uint64_t producer, WorkerIndex in);

// The worker has made the consumer, or has refused to: the client is asked to take it.
void on_consumed(Turn& turn, Member& listener, uint64_t consumer, const workers::Reply& reply);
// The client is ready to hear.
void make_ready(Turn& turn, Member& listener, uint64_t consumer);
// The client is not, and never will be.
void close_consumer(Turn& turn, Member& listener, uint64_t consumer);

// The client has paused a consumer, or wants it again.
void on_consumer_paused(Turn& turn, Member& listener, const Consumer& consumer);

// Takes the consumer out of every index. Neither the worker nor the client is told.
void forget_consumer(Turn& turn, Room& room, Member& listener, uint64_t consumer);
// All that the listener has, likewise.
void forget_consumers(Turn& turn, Room& room, Member& listener);
// The same of one, and the client is told.
void lose_consumer(Turn& turn, Room& room, Member& listener, uint64_t consumer);

// Tells the worker and the listeners after a change of paused_by_client or muted, when `was_paused`
// is not what holds now.
void settle_pause(Turn& turn, Room& room, Member& speaker, const Producer& producer,
                  bool was_paused);

// Takes the producer out of every index and tells its listeners. The worker is not told.
void forget_producer(Turn& turn, Room& room, Member& speaker, uint64_t producer);
// Takes out all that a peer had, without a word to any client: all the others lose as much.
void forget_media_of_closing_room(Turn& turn, Room& room, Member& member);

// The data of newConsumer.
std::string write_consumer(const House& house, const Member& listener, const Consumer& consumer);

}  // namespace parley::controller
