package main

import (
	"context"
	"log"
	"strconv"

	"github.com/redis/rueidis"
	"github.com/twmb/franz-go/pkg/kgo"
)

const redisPrefix = "counts/"

// countRedis counts the records of each key in Redis: one MGET and one MSET for what a partition
// has, up to the size of a batch, with all partitions at the same time.
type countRedis struct {
	ctx    context.Context
	client rueidis.Client
	batch  int
	// mostOpen polls wait for a partition.
	mostOpen int
	workers  map[int32]chan work
}

// work is what one poll returned of a partition.
type work struct {
	records []*kgo.Record
	done    func(parts int)
}

func newCountRedis(ctx context.Context, given task) *countRedis {
	client, err := rueidis.NewClient(rueidis.ClientOption{
		InitAddress:  []string{"127.0.0.1:" + strconv.Itoa(given.Port)},
		DisableCache: true,
	})
	if err != nil {
		log.Fatal(err)
	}
	return &countRedis{ctx: ctx, client: client, batch: given.Batch, mostOpen: given.openPolls(), workers: map[int32]chan work{}}
}

func (c *countRedis) process(fetches kgo.Fetches, done func()) {
	var parts []kgo.FetchTopicPartition
	fetches.EachPartition(func(p kgo.FetchTopicPartition) {
		if len(p.Records) > 0 {
			parts = append(parts, p)
		}
	})
	partDone := after(len(parts), done)
	for _, p := range parts {
		worker := c.workers[p.Partition]
		if worker == nil {
			worker = make(chan work, c.mostOpen)
			c.workers[p.Partition] = worker
			go c.run(worker)
		}
		worker <- work{records: p.Records, done: partDone}
	}
}

func (c *countRedis) sums() map[string]int64 { return map[string]int64{} }

// run counts what a partition has; what came while Redis was asked is counted together.
func (c *countRedis) run(waiting chan work) {
	for first := range waiting {
		parts := []work{first}
		records := len(first.records)
		for records < c.batch {
			next, ok := takeNow(waiting)
			if !ok {
				break
			}
			parts = append(parts, next)
			records += len(next.records)
		}
		c.count(parts)
		for _, part := range parts {
			part.done(1)
		}
	}
}

func (c *countRedis) count(parts []work) {
	counts := map[string]*int64{}
	for _, part := range parts {
		for _, r := range part.records {
			if count := counts[string(r.Key)]; count != nil {
				*count++
			} else {
				one := int64(1)
				counts[string(r.Key)] = &one
			}
		}
	}
	keys := make([]string, 0, len(counts))
	added := make([]int64, 0, len(counts))
	for key, count := range counts {
		keys = append(keys, redisPrefix+key)
		added = append(added, *count)
	}
	values, err := c.client.Do(c.ctx, c.client.B().Mget().Key(keys...).Build()).ToArray()
	if err != nil {
		log.Fatal(err)
	}
	set := c.client.B().Arbitrary("MSET")
	for i, key := range keys {
		before := int64(0)
		if !values[i].IsNil() {
			if before, err = values[i].AsInt64(); err != nil {
				log.Fatal(err)
			}
		}
		set = set.Keys(key).Args(strconv.FormatInt(before+added[i], 10))
	}
	if err := c.client.Do(c.ctx, set.Build()).Error(); err != nil {
		log.Fatal(err)
	}
}

func takeNow(waiting chan work) (work, bool) {
	select {
	case next, ok := <-waiting:
		return next, ok
	default:
		return work{}, false
	}
}
