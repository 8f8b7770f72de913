package main

import (
	"context"
	"fmt"
	"strings"
)

// host is a machine of its own, or looks like one.
type host struct {
	name string
	// front is its address for clients. back is its address for the other hosts.
	front, back string
	// enter is the beginning of a command line that runs a command on the host.
	enter []string
	// port is the bridge's port that connects to back. It is empty if it cannot be cut.
	port string
}

// network is the hosts and their connections.
type network struct{ hosts []host }

// hostCount is the size of a cluster. If one host is gone, the other two are a majority.
const hostCount = 3

// onLoopback returns a network whose hosts are addresses of this machine. It cannot be cut.
func onLoopback() *network {
	n := &network{}
	for i := 1; i <= hostCount; i++ {
		address := fmt.Sprintf("127.87.0.%d", i)
		n.hosts = append(n.hosts, host{name: fmt.Sprintf("node%d", i), front: address, back: address})
	}

	return n
}

// inNamespaces makes a network of hosts, each in its own network namespace. All back addresses are
// ports of one bridge. Each front address has its own cable to this program, so that clients still
// reach a host that is cut off from the others. The network exists only inside the enclosure.
func inNamespaces(ctx context.Context) (*network, error) {
	n := &network{}
	commands := []string{"link set lo up", "link add backs type bridge", "link set backs up"}
	for i := 1; i <= hostCount; i++ {
		h := host{
			name:  fmt.Sprintf("node%d", i),
			front: fmt.Sprintf("10.87.%d.1", i),
			back:  fmt.Sprintf("10.87.0.%d", i),
			port:  fmt.Sprintf("back%d", i),
		}

		h.enter = []string{"ip", "netns", "exec", h.name}
		n.hosts = append(n.hosts, h)

		front := fmt.Sprintf("front%d", i)
		commands = append(commands,
			"netns add "+h.name,
			"-n "+h.name+" link set lo up",
			"link add "+h.port+" type veth peer name back netns "+h.name,
			"link set "+h.port+" master backs up",
			"-n "+h.name+" addr add "+h.back+"/24 dev back",
			"-n "+h.name+" link set back up",
			"link add "+front+" type veth peer name front netns "+h.name,
			fmt.Sprintf("addr add 10.87.%d.2/24 dev %s", i, front),
			"link set "+front+" up",
			"-n "+h.name+" addr add "+h.front+"/24 dev front",
			"-n "+h.name+" link set front up",
		)
	}

	for _, words := range commands {
		if _, err := run(ctx, "ip", strings.Fields(words)...); err != nil {
			return nil, fmt.Errorf("ip %s: %w", words, err)
		}
	}

	return n, nil
}

// cut disconnects a host from the bridge. What others send to it is lost silently, as with a broken
// cable.
func (n *network) cut(ctx context.Context, number int) error { return n.set(ctx, number, "down") }

// mend connects the host again.
func (n *network) mend(ctx context.Context, number int) error { return n.set(ctx, number, "up") }

func (n *network) set(ctx context.Context, number int, state string) error {
	_, err := run(ctx, "ip", "link", "set", n.hosts[number].port, state)
	return err
}

// canCut reports whether hosts can be cut off.
func (n *network) canCut() bool { return n.hosts[0].port != "" }
