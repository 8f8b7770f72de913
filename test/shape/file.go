package main

import (
	"go/ast"
	"go/parser"
	"go/scanner"
	"go/token"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"unicode/utf8"
)

// tabWidth is how many columns a tab takes.
const tabWidth = 4

// instruction matches a comment that is meant for a tool, such as //nolint and //go:generate.
var instruction = regexp.MustCompile(`^\s*//(nolint|go:)`)

// kind says what a line holds.
type kind int

const (
	blank kind = iota
	comment
	code
)

// line is one line of a file.
type line struct {
	kind  kind
	width int
	empty bool // a comment without text
	word  bool // a comment of a single word, or an instruction to a tool
	fixed bool // a signature that gqlgen writes on one line
}

// function is a function's place in its file. Lines count from 1.
type function struct {
	name        string
	first, last int // from "func" to the closing brace
	open        int // the line of the opening brace
}

func (f function) lines() int { return f.last - f.first + 1 }

// file is one file of hand-written Go.
type file struct {
	path      string // relative to the root, with slashes
	test      bool
	lines     []line // line 1 is at index 0
	functions []function
	tree      *ast.File
}

// folder is the folder that the file is in, relative to the root.
func (f file) folder() string { return filepath.ToSlash(filepath.Dir(f.path)) }

// read reads the hand-written Go files below root.
func read(root string) ([]file, error) {
	var files []file
	err := filepath.WalkDir(root, func(path string, entry fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case entry.IsDir() && path != root && skipped(entry.Name()):
			return filepath.SkipDir
		case entry.IsDir() || filepath.Ext(path) != ".go":
			return nil
		}

		source, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		relative, err := filepath.Rel(root, path)
		if err != nil {
			return err
		}

		read, err := parse(filepath.ToSlash(relative), source)
		if err != nil {
			return err
		}
		if !ast.IsGenerated(read.tree) {
			files = append(files, read)
		}
		return nil
	})
	return files, err
}

// skipped reports whether a folder of this name holds no code of ours.
func skipped(name string) bool {
	return name == "node_modules" || name == "vendor" || name == "testdata" || name == "build" ||
		strings.HasPrefix(name, ".")
}

// parse measures one file.
func parse(path string, source []byte) (file, error) {
	positions := token.NewFileSet()
	tree, err := parser.ParseFile(positions, path, source, parser.ParseComments|parser.SkipObjectResolution)
	if err != nil {
		return file{}, err
	}

	lines := linesOf(source)
	if strings.HasSuffix(path, ".resolvers.go") {
		for _, declaration := range tree.Decls {
			lines[positions.Position(declaration.Pos()).Line-1].fixed = true
		}
	}

	return file{
		path:      path,
		test:      strings.HasSuffix(path, "_test.go"),
		lines:     lines,
		functions: functionsOf(tree, positions),
		tree:      tree,
	}, nil
}

// linesOf returns what each line holds.
func linesOf(source []byte) []line {
	texts := strings.Split(strings.TrimSuffix(string(source), "\n"), "\n")
	lines := make([]line, len(texts))
	for i, text := range texts {
		text = strings.TrimRight(text, " \t\r")
		lines[i].width = utf8.RuneCountInString(text) + strings.Count(text, "\t")*(tabWidth-1)
		words := strings.Fields(strings.Trim(text, "/* \t"))
		lines[i].empty = len(words) == 0
		lines[i].word = len(words) == 1 || instruction.MatchString(text)
	}

	var tokens scanner.Scanner
	positions := token.NewFileSet()
	whole := positions.AddFile("", -1, len(source))
	tokens.Init(whole, source, nil, scanner.ScanComments)

	for {
		start, found, literal := tokens.Scan()
		if found == token.EOF {
			return lines
		}
		if found == token.SEMICOLON && literal == "\n" { // The scanner adds it at the end of a line.
			continue
		}

		holds := code
		if found == token.COMMENT {
			holds = comment
		}
		first := whole.Line(start)
		for i := first; i <= first+strings.Count(literal, "\n"); i++ {
			lines[i-1].kind = max(lines[i-1].kind, holds)
		}
	}
}

// functionsOf finds the functions of a file that are in no other function.
func functionsOf(tree *ast.File, positions *token.FileSet) []function {
	var functions []function
	add := func(name string, whole ast.Node, body *ast.BlockStmt) {
		functions = append(functions, function{
			name:  name,
			first: positions.Position(whole.Pos()).Line,
			last:  positions.Position(whole.End()).Line,
			open:  positions.Position(body.Lbrace).Line,
		})
	}

	ast.Inspect(tree, func(node ast.Node) bool {
		switch found := node.(type) {
		case *ast.FuncDecl:
			if found.Body != nil {
				// The position of a declaration does not include its comment.
				add(found.Name.Name, found, found.Body)
			}
			return false
		case *ast.FuncLit:
			add("function literal", found, found.Body)
			return false
		}
		return true
	})
	return functions
}
