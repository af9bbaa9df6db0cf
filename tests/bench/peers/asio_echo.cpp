/* Peer: Asio (stand-alone), one thread and a context without locks, replies written at once from
 * where they were read, and asynchronously only as far as the socket does not take them.
 *
 * Each connection has a read buffer of its own: an asynchronous read needs one while it waits. */
#include <sys/resource.h>

#include <array>
#include <asio.hpp>
#include <cstdio>
#include <list>
#include <memory>
#include <vector>

#include "batch.h"
#include "frames.h"

namespace
{

using asio::ip::tcp;

constexpr std::size_t read_size = 16 * 1024;

class Connection : public std::enable_shared_from_this<Connection>
{
  public:
    static std::list<Connection *> all;

    explicit Connection(tcp::socket socket) : socket_(std::move(socket))
    {
        socket_.non_blocking(true);
        socket_.set_option(tcp::no_delay(true));
        place_ = all.insert(all.end(), this);
    }

    ~Connection()
    {
        all.erase(place_);
        std::free(tail_.bytes);
    }

    void read()
    {
        socket_.async_read_some(asio::buffer(bytes_), [self = shared_from_this()](
                                                          std::error_code error, std::size_t got) {
            if (!error && self->on_read(static_cast<std::uint32_t>(got))) {
                self->read();
            }
        });
    }

    void write(const std::uint8_t *bytes, std::size_t size)
    {
        std::size_t sent = 0;
        if (waiting_.empty() && !is_writing_) {
            std::error_code error;
            sent = socket_.write_some(asio::buffer(bytes, size), error);
        }
        if (sent < size) {
            waiting_.insert(waiting_.end(), bytes + sent, bytes + size);
            write_waiting();
        }
    }

  private:
    bool on_read(std::uint32_t got)
    {
        replies.size = 0;
        bool is_good = frames_feed(&tail_, bytes_.data(), got, on_frames, this);
        if (is_good && replies.size > 0) {
            write(replies.bytes, replies.size);
        }
        return is_good;
    }

    static void on_frames(void *owner, std::uint8_t *bytes, std::uint32_t size, frames_kind kind)
    {
        const Connection *self = static_cast<const Connection *>(owner);
        if (kind == FRAMES_KIND_SHOUT) {
            for (Connection *connection : all) {
                connection->write(bytes, size);
            }
            return;
        }
        batch_add(&replies, bytes, size, bytes != self->tail_.bytes);
    }

    void write_waiting()
    {
        if (is_writing_ || waiting_.empty()) {
            return;
        }
        is_writing_ = true;
        writing_.swap(waiting_);
        asio::async_write(socket_, asio::buffer(writing_),
                          [self = shared_from_this()](std::error_code error, std::size_t) {
                              self->is_writing_ = false;
                              self->writing_.clear();
                              if (!error) {
                                  self->write_waiting();
                              }
                          });
    }

    static batch replies;

    tcp::socket socket_;
    std::list<Connection *>::iterator place_;
    frames_tail tail_{};
    std::vector<std::uint8_t> waiting_;
    std::vector<std::uint8_t> writing_;
    bool is_writing_ = false;
    std::array<std::uint8_t, read_size> bytes_;
};

std::list<Connection *> Connection::all;
batch Connection::replies;

void accept(tcp::acceptor &acceptor)
{
    acceptor.async_accept([&acceptor](std::error_code error, tcp::socket socket) {
        if (!error) {
            std::make_shared<Connection>(std::move(socket))->read();
        }
        accept(acceptor);
    });
}

void raise_limit()
{
    rlimit limit;
    getrlimit(RLIMIT_NOFILE, &limit);
    limit.rlim_cur = limit.rlim_max;
    setrlimit(RLIMIT_NOFILE, &limit);
}

} // namespace

int main()
{
    raise_limit();
    asio::io_context context(ASIO_CONCURRENCY_HINT_UNSAFE);
    tcp::acceptor acceptor(context, tcp::endpoint(tcp::v4(), 0));
    acceptor.listen(4096);
    std::printf("port %u\n", acceptor.local_endpoint().port());
    std::fflush(stdout);
    accept(acceptor);
    context.run();
}
