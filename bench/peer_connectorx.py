# connectorx, a peer of the bench: a query into Arrow over two connections, and from there to a CSV file.
import sys

import connectorx
from pyarrow import csv

url, path = sys.argv[1:]
query = "SELECT * FROM linhas"
csv.write_csv(connectorx.read_sql(url, query, return_type="arrow", partition_on="id", partition_num=2), path)
