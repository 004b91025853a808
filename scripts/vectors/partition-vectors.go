// Reads keys from standard input, one a line in hex; prints the FNV-1a hash of each (signed) and its partition of each count
// given as argument, by the rule of sarama's NewHashPartitioner.
package main

import (
	"bufio"
	"encoding/hex"
	"fmt"
	"hash/fnv"
	"os"
	"strconv"
)

func main() {
	lines := bufio.NewScanner(os.Stdin)
	for lines.Scan() {
		key, err := hex.DecodeString(lines.Text())
		check(err)
		hasher := fnv.New32a()
		_, err = hasher.Write(key)
		check(err)
		hash := int32(hasher.Sum32())
		fmt.Print(hash)
		for _, argument := range os.Args[1:] {
			count, err := strconv.ParseInt(argument, 10, 32)
			check(err)
			fmt.Print(" ", max(hash%int32(count), -(hash%int32(count))))
		}
		fmt.Println()
	}
	check(lines.Err())
}

func check(err error) {
	if err != nil {
		panic(err)
	}
}
