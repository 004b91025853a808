// The peer on franz-go: the best loop that one would write by hand. Acks and commits overlap with
// what is read next, one commit is in flight at a time, and it takes all that came meanwhile.
package main

import (
	"context"
	"encoding/json"
	"fmt"
	"log"
	"os"
	"runtime/debug"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"
)

// task is scripts/bench/task.ts.
type task struct {
	Job         string   `json:"job"`
	Brokers     []string `json:"brokers"`
	Group       string   `json:"group"`
	Inputs      []string `json:"inputs"`
	Output      string   `json:"output"`
	Partitions  int      `json:"partitions"`
	Records     int      `json:"records"`
	Batch       int      `json:"batch"`
	Compression string   `json:"compression"`
	Port        int      `json:"port"`
	Settings    settings `json:"settings"`
}

type settings struct {
	GOGC             int `json:"GOGC"`
	ProducerLingerMs int `json:"ProducerLingerMs"`
	OpenRecords      int `json:"openRecords"`
}

// openPolls is how many polls may be in process, or not committed yet.
func (t task) openPolls() int { return max(2, t.Settings.OpenRecords/t.Batch) }

// job processes what one poll returned. It calls done, once, when all of it is processed and
// everything that was sent is acked.
type job interface {
	process(fetches kgo.Fetches, done func())
	sums() map[string]int64
}

func main() {
	if len(os.Args) != 2 {
		log.Fatal("usage: bench TASK, a task of scripts/bench/task.ts as JSON")
	}
	var given task
	if err := json.Unmarshal([]byte(os.Args[1]), &given); err != nil {
		log.Fatal(err)
	}
	debug.SetGCPercent(given.Settings.GOGC)
	measureAndPrint(func() (int, func() map[string]int64) { return run(given) })
}

func run(given task) (int, func() map[string]int64) {
	ctx := context.Background()
	client, err := kgo.NewClient(
		kgo.SeedBrokers(given.Brokers...),
		kgo.ConsumerGroup(given.Group),
		kgo.ConsumeTopics(given.Inputs...),
		kgo.ConsumeResetOffset(kgo.NewOffset().AtStart()),
		kgo.DisableAutoCommit(),
		kgo.RecordPartitioner(partitioner(given.Job)),
		kgo.MaxBufferedRecords(given.openPolls()*given.Batch),
		kgo.ProducerLinger(time.Duration(given.Settings.ProducerLingerMs)*time.Millisecond),
		kgo.ProducerBatchCompression(codec(given.Compression)),
	)
	if err != nil {
		log.Fatal(err)
	}
	work := newJob(ctx, given, client)
	commits := startCommitter(ctx, client, given.openPolls())
	seen := 0
	for seen < given.Records {
		fetches := client.PollRecords(ctx, given.Batch)
		if errs := fetches.Errors(); len(errs) > 0 {
			log.Fatal(errs)
		}
		if fetches.NumRecords() == 0 {
			continue
		}
		seen += fetches.NumRecords()
		work.process(fetches, commits.offer(fetches))
	}
	commits.close()
	client.Close()
	return seen, work.sums
}

func newJob(ctx context.Context, given task, client *kgo.Client) job {
	switch given.Job {
	case "consume":
		return &consume{}
	case "copy":
		return &copying{ctx: ctx, client: client, output: given.Output}
	case "forward":
		return &copying{ctx: ctx, client: client, output: given.Output, forwards: true}
	case "filter":
		return &copying{ctx: ctx, client: client, output: given.Output, filters: true}
	case "count-map":
		return &countMap{counts: make(map[string]*int64)}
	case "count-redis":
		return newCountRedis(ctx, given)
	}
	log.Fatal(fmt.Errorf("franz-go has no job %s", given.Job))
	return nil
}

func partitioner(job string) kgo.Partitioner {
	if job == "forward" {
		return kgo.StickyKeyPartitioner(nil)
	}
	return kgo.ManualPartitioner()
}

func codec(name string) kgo.CompressionCodec {
	switch name {
	case "gzip":
		return kgo.GzipCompression()
	case "snappy":
		return kgo.SnappyCompression()
	case "lz4":
		return kgo.Lz4Compression()
	case "zstd":
		return kgo.ZstdCompression()
	}
	return kgo.NoCompression()
}
