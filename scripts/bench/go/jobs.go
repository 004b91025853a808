package main

import (
	"context"
	"log"
	"strconv"
	"sync/atomic"

	"github.com/twmb/franz-go/pkg/kgo"
)

// filterDigit is the digit of the key by which one of ten records is kept.
const filterDigit = 5

// consume reads key and value of every record.
type consume struct{ bytes int64 }

func (c *consume) process(fetches kgo.Fetches, done func()) {
	fetches.EachPartition(func(p kgo.FetchTopicPartition) {
		for _, r := range p.Records {
			c.bytes += int64(len(r.Key) + len(r.Value))
		}
	})
	done()
}

func (c *consume) sums() map[string]int64 { return map[string]int64{"bytes": c.bytes} }

// copying sends records on to the same partition of another topic.
type copying struct {
	ctx    context.Context
	client *kgo.Client
	output string
	// filters: one record of ten.
	filters bool
	// forwards: with headers and timestamp, to the partition that the key decides.
	forwards bool
}

func (c *copying) process(fetches kgo.Fetches, done func()) {
	acked := after(fetches.NumRecords(), done)
	promise := func(_ *kgo.Record, err error) {
		if err != nil {
			log.Fatal(err)
		}
		acked(1)
	}
	dropped := 0
	fetches.EachPartition(func(p kgo.FetchTopicPartition) {
		out := make([]kgo.Record, len(p.Records))
		for i, r := range p.Records {
			if c.filters && r.Key[filterDigit] != '0' {
				dropped++
				continue
			}
			out[i] = kgo.Record{Topic: c.output, Partition: r.Partition, Key: r.Key, Value: r.Value}
			if c.forwards {
				out[i].Headers, out[i].Timestamp = r.Headers, r.Timestamp
			}
			c.client.Produce(c.ctx, &out[i], promise)
		}
	})
	acked(dropped)
}

func (c *copying) sums() map[string]int64 { return map[string]int64{} }

// after returns a function that is told of parts, and calls done when that was all of them.
func after(all int, done func()) func(parts int) {
	var open atomic.Int64
	open.Store(int64(all))
	return func(parts int) {
		if parts > 0 && open.Add(-int64(parts)) == 0 {
			done()
		}
	}
}

// countMap counts the records of each key.
type countMap struct{ counts map[string]*int64 }

func (c *countMap) process(fetches kgo.Fetches, done func()) {
	fetches.EachPartition(func(p kgo.FetchTopicPartition) {
		for _, r := range p.Records {
			// Go makes no string for this look-up.
			if count := c.counts[string(r.Key)]; count != nil {
				*count++
			} else {
				one := int64(1)
				c.counts[string(r.Key)] = &one
			}
		}
	})
	done()
}

func (c *countMap) sums() map[string]int64 {
	sums := map[string]int64{}
	for key, count := range c.counts {
		index, err := strconv.ParseInt(key, 10, 64)
		if err != nil {
			log.Fatal(err)
		}
		sums["keys"]++
		sums["total"] += *count
		sums["weighted"] += index * *count
	}
	return sums
}
