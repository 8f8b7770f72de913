package wire

import (
	"encoding/binary"
	"io"
)

// These bytes begin the packets of an answer in MySQL's protocol.
const (
	okPacket    = 0x00
	endPacket   = 0xfe
	errorPacket = 0xff
)

// longestEnd is the longest packet that ends something. A row that begins with the same byte is
// longer.
const longestEnd = 1 << 10

// comQuit is the command that ends a connection. It has no answer.
const comQuit = 0x01

// kindOf returns the first byte of a packet's payload.
func kindOf(packet []byte) byte {
	const head = 4
	if len(packet) <= head {
		return okPacket
	}
	return packet[head]
}

// endsOf returns how many packets of a result set end something: its columns and its rows, or only
// its rows if the client's handshake says so.
func endsOf(handshake []byte) int {
	const head, rowsAlone = 4, 1 << 24
	if len(handshake) < head+4 || binary.LittleEndian.Uint32(handshake[head:])&rowsAlone == 0 {
		return 2
	}
	return 1
}

// run sends a packet to a server and copies the whole answer.
func run(to io.Writer, server io.ReadWriter, packet []byte, ends int) error {
	if _, err := server.Write(packet); err != nil {
		return err
	}
	if kindOf(packet) == comQuit {
		return io.EOF
	}

	first, err := copyPacket(to, server)
	if err != nil || kindOf(first) == okPacket || kindOf(first) == errorPacket || kindOf(packet) != comQuery {
		return err
	}

	for ends > 0 {
		part, err := copyPacket(to, server)
		switch {
		case err != nil:
			return err
		case kindOf(part) == errorPacket:
			return nil
		case kindOf(part) == endPacket && len(part) < longestEnd:
			ends--
		}
	}

	return nil
}

func copyPacket(to io.Writer, from io.Reader) ([]byte, error) {
	packet, err := readPacket(from)
	if err != nil {
		return nil, err
	}

	_, err = to.Write(packet)
	return packet, err
}
