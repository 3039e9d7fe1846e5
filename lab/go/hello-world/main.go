// Command hello stands in for the program of Docker's hello-world image where that cannot be pulled.
package main

import "fmt"

func main() {
	fmt.Println("\nHello from the lab!\nThis message shows that the image is here and that it runs.")
}
