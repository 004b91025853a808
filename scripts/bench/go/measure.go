package main

import (
	"encoding/json"
	"log"
	"os"
	"regexp"
	"runtime/metrics"
	"strconv"
	"syscall"
	"time"
)

// measurement is scripts/bench/measure.ts.
type measurement struct {
	Records        int              `json:"records"`
	Seconds        float64          `json:"seconds"`
	CPUSeconds     float64          `json:"cpuSeconds"`
	PeakMegabytes  float64          `json:"peakMegabytes"`
	CollectorShare float64          `json:"collectorShare"`
	Sums           map[string]int64 `json:"sums"`
}

func measureAndPrint(work func() (int, func() map[string]int64)) {
	cpuBefore := cpuSeconds()
	began := time.Now()
	records, sums := work()
	seconds := time.Since(began).Seconds()
	measured := measurement{
		Records:        records,
		Seconds:        seconds,
		CPUSeconds:     cpuSeconds() - cpuBefore,
		PeakMegabytes:  peakMegabytes(),
		CollectorShare: collectorShare(),
		Sums:           sums(),
	}
	if err := json.NewEncoder(os.Stdout).Encode(measured); err != nil {
		log.Fatal(err)
	}
}

func cpuSeconds() float64 {
	var usage syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &usage); err != nil {
		log.Fatal(err)
	}
	return float64(usage.Utime.Nano()+usage.Stime.Nano()) / 1e9
}

// peakMegabytes is the kernel's own mark for this program. What getrusage reports begins with the
// memory of the process that started this one.
func peakMegabytes() float64 {
	status, err := os.ReadFile("/proc/self/status")
	if err == nil {
		if found := regexp.MustCompile(`VmHWM:\s+(\d+) kB`).FindSubmatch(status); found != nil {
			kilobytes, _ := strconv.ParseFloat(string(found[1]), 64)
			return kilobytes / 1024
		}
	}
	var usage syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &usage); err != nil {
		log.Fatal(err)
	}
	return float64(usage.Maxrss) / 1024
}

// collectorShare is the part of the busy time of all processors that the runtime accounts to its
// collector. What that took of processors with nothing else to do does not count.
func collectorShare() float64 {
	names := []string{
		"/cpu/classes/gc/mark/assist:cpu-seconds",
		"/cpu/classes/gc/mark/dedicated:cpu-seconds",
		"/cpu/classes/gc/pause:cpu-seconds",
		"/cpu/classes/user:cpu-seconds",
	}
	samples := make([]metrics.Sample, len(names))
	for i, name := range names {
		samples[i].Name = name
	}
	metrics.Read(samples)
	collector := samples[0].Value.Float64() + samples[1].Value.Float64() + samples[2].Value.Float64()
	if collector == 0 {
		return 0
	}
	return collector / (collector + samples[3].Value.Float64())
}
