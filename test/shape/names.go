package main

import (
	"fmt"
	"go/ast"
	"go/token"
	"io"
	"maps"
	"path/filepath"
	"slices"
)

// printNames prints the exported names of each folder's package, or only of the given folders.
// These are constants, variables, types, functions, and the methods of exported types. It omits
// fields, and the names that test files declare.
func printNames(files []file, folders []string, out io.Writer) error {
	names := map[string][]string{}
	for _, file := range files {
		if !file.test && file.tree.Name.Name != "main" {
			folder := file.folder()
			names[folder] = append(names[folder], exported(file.tree)...)
		}
	}

	if len(folders) == 0 {
		folders = slices.Sorted(maps.Keys(names))
	}
	for _, folder := range folders {
		folder = filepath.ToSlash(filepath.Clean(folder))
		found, ok := names[folder]
		if !ok {
			return fmt.Errorf("%s holds no package", folder)
		}

		slices.Sort(found)
		fmt.Fprintf(out, "%s: %d\n", folder, len(found))
		for _, name := range found {
			fmt.Fprintf(out, "\t%s\n", name)
		}
	}
	return nil
}

// exported returns the exported names that a file declares. A method is "Type.Method".
func exported(tree *ast.File) []string {
	var names []string
	add := func(prefix string, name *ast.Ident) {
		if name.IsExported() {
			names = append(names, prefix+name.Name)
		}
	}

	for _, declaration := range tree.Decls {
		switch d := declaration.(type) {
		case *ast.FuncDecl:
			if d.Recv == nil {
				add("", d.Name)
			} else if receiver := receiverOf(d); token.IsExported(receiver) {
				add(receiver+".", d.Name)
			}
		case *ast.GenDecl:
			for _, spec := range d.Specs {
				switch s := spec.(type) {
				case *ast.TypeSpec:
					add("", s.Name)
				case *ast.ValueSpec:
					for _, name := range s.Names {
						add("", name)
					}
				}
			}
		}
	}
	return names
}

// receiverOf returns the name of the type that a method belongs to.
func receiverOf(method *ast.FuncDecl) string {
	expression := method.Recv.List[0].Type
	for {
		switch e := expression.(type) {
		case *ast.StarExpr:
			expression = e.X
		case *ast.IndexExpr: // A type with a type parameter.
			expression = e.X
		case *ast.IndexListExpr:
			expression = e.X
		case *ast.Ident:
			return e.Name
		default:
			return ""
		}
	}
}
