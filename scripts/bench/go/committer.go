package main

import (
	"context"
	"log"

	"github.com/twmb/franz-go/pkg/kgo"
	"github.com/twmb/franz-go/pkg/kmsg"
)

type offsets = map[string]map[int32]kgo.EpochOffset

// openPoll is a poll that is not committed yet.
type openPoll struct {
	next offsets
	done chan struct{}
}

// committer commits polls in their order, once they are done.
type committer struct {
	polls chan openPoll
	ended chan struct{}
}

// startCommitter bounds the polls that are in process, or not committed yet.
func startCommitter(ctx context.Context, client *kgo.Client, mostOpen int) *committer {
	c := &committer{polls: make(chan openPoll, mostOpen), ended: make(chan struct{})}
	go c.run(ctx, client)
	return c
}

// offer takes what is to be committed after a poll, and waits while too many are open. The function
// that it returns is to be called when the poll is done.
func (c *committer) offer(fetches kgo.Fetches) func() {
	next := offsets{}
	fetches.EachPartition(func(p kgo.FetchTopicPartition) {
		if len(p.Records) == 0 {
			return
		}
		last := p.Records[len(p.Records)-1]
		if next[p.Topic] == nil {
			next[p.Topic] = map[int32]kgo.EpochOffset{}
		}
		next[p.Topic][p.Partition] = kgo.EpochOffset{Epoch: last.LeaderEpoch, Offset: last.Offset + 1}
	})
	done := make(chan struct{})
	c.polls <- openPoll{next: next, done: done}
	return func() { close(done) }
}

// close waits until everything that was offered is committed.
func (c *committer) close() {
	close(c.polls)
	<-c.ended
}

func (c *committer) run(ctx context.Context, client *kgo.Client) {
	defer close(c.ended)
	for first := range c.polls {
		<-first.done
		next := first.next
		waiting := c.addDone(next)
		commit(ctx, client, next)
		for waiting != nil {
			<-waiting.done
			next = waiting.next
			waiting = c.addDone(next)
			commit(ctx, client, next)
		}
	}
}

// addDone adds the polls that are done already. It returns the first that is not, if there is one.
func (c *committer) addDone(next offsets) *openPoll {
	for {
		select {
		case poll, ok := <-c.polls:
			if !ok {
				return nil
			}
			select {
			case <-poll.done:
				for topic, partitions := range poll.next {
					if next[topic] == nil {
						next[topic] = partitions
						continue
					}
					for partition, offset := range partitions {
						next[topic][partition] = offset
					}
				}
			default:
				return &poll
			}
		default:
			return nil
		}
	}
}

func commit(ctx context.Context, client *kgo.Client, next offsets) {
	client.CommitOffsetsSync(ctx, next, func(_ *kgo.Client, _ *kmsg.OffsetCommitRequest, answer *kmsg.OffsetCommitResponse, err error) {
		if err != nil {
			log.Fatal(err)
		}
		for _, topic := range answer.Topics {
			for _, partition := range topic.Partitions {
				if partition.ErrorCode != 0 {
					log.Fatalf("commit of %s/%d: error %d", topic.Topic, partition.Partition, partition.ErrorCode)
				}
			}
		}
	})
}
