/* The requests of each worker.
 *
 * Happy path and failure modes: see db_request.h. A worker's requests lie in one block of memory
 * and on its free list. Path: [8] of everything in db.yaml. */
#include "db_request.h"

#include <stdlib.h>

#include "common/secret.h"
#include "db_server.h"
#include "pc/check.h"

/* Invariant: free_count is the length of the list; all are free before start and after stop. */
struct db_requests {
    struct db_request *first_free;
    uint32_t free_count;
    uint32_t count;
    struct db_request requests[];
};

enum pc_status db_requests_start(struct pc_worker *worker)
{
    uint32_t count = db_server_of_worker(worker)->config.requests_max;
    struct db_requests *requests =
        calloc(1, sizeof(*requests) + (size_t)count * sizeof(struct db_request));
    if (requests == NULL) {
        return PC_NO_MEMORY;
    }
    for (uint32_t i = 0; i < count; i++) {
        requests->requests[i].next_free = requests->first_free;
        requests->first_free = &requests->requests[i];
    }
    requests->count = count;
    requests->free_count = count;
    pc_worker_set_user(worker, requests);
    return PC_OK;
}

void db_requests_stop(struct pc_worker *worker)
{
    struct db_requests *requests = pc_worker_user(worker);
    if (requests == NULL) {
        return; /* start has failed */
    }
    PC_ASSERT(requests->free_count == requests->count);
    pc_worker_set_user(worker, NULL);
    free(requests);
}

struct db_request *db_request_take(struct pc_session *session, uint64_t correlation)
{
    struct db_requests *requests = pc_worker_user(pc_session_worker(session));
    struct db_request *request = requests->first_free;
    if (request == NULL) {
        return NULL;
    }
    requests->first_free = request->next_free;
    requests->free_count--;
    request->next_free = NULL;
    request->server = db_server_of(session);
    request->session = pc_session_handle(session);
    request->correlation = correlation;
    return request;
}

void db_request_release(struct pc_worker *worker, struct db_request *request)
{
    struct db_requests *requests = pc_worker_user(worker);
    secret_wipe(request, sizeof(*request));
    request->next_free = requests->first_free;
    requests->first_free = request;
    requests->free_count++;
    PC_ASSERT(requests->free_count <= requests->count);
}

bool db_request_hash(struct db_request *request, void (*run)(struct job *job),
                     pc_message_fn *deliver)
{
    request->job.run = run;
    request->job.done = (struct pc_message){.session = request->session, .deliver = deliver};
    return job_pool_submit(request->server->hash_pool, &request->job);
}

bool db_request_query(struct db_request *request, uint64_t key,
                      bool (*run)(struct lane_job *job, struct store *store),
                      pc_message_fn *deliver)
{
    request->lane_job.run = run;
    request->lane_job.done = (struct pc_message){.session = request->session, .deliver = deliver};
    return lanes_submit(request->server->lanes, key, &request->lane_job);
}
